// Parts of the extension die: the service worker after 30 idle seconds, the engine page by a crash, everything at an
// update. The next keystroke works, and nothing dead stays on the page.

import { expect, test } from "./fixtures";

test("the service worker stops in the middle: the next keystroke still gets its suggestion", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  const sotto = await launch();
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost(60_000);
  await sotto.kill("background");
  expect(await sotto.isRunning("background")).toBe(false);
  await typed.replace(`Well. ${prompt.text}`);
  await typed.ghost();
  const ghost = (await typed.inspect())?.text ?? "";
  await typed.press("Tab");
  await typed.holds(`Well. ${prompt.text}${ghost}`);
});

test("the service worker stops before a new page opens: that page gets suggestions", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  const sotto = await launch();
  await open("/textarea.html", { sotto });
  await sotto.kill("background");
  const page = await open("/input.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost(60_000);
});

test("the engine page is killed: the next keystroke loads it again", async ({ launch, open, field, prompt }) => {
  const sotto = await launch();
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost(60_000);
  await sotto.kill("engine");
  await typed.replace(`Well. ${prompt.text}`);
  await typed.ghost(60_000);
  expect(await sotto.isRunning("engine")).toBe(true);
});

test("service worker and engine page are both killed: the next keystroke brings both back", async ({
  launch,
  open,
  field,
  prompt,
}) => {
  const sotto = await launch();
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost(60_000);
  await sotto.kill("engine");
  await sotto.kill("background");
  await typed.replace(`Well. ${prompt.text}`);
  await typed.ghost(60_000);
});

test("reloading the extension leaves no dead overlay and no captured key", async ({ launch, open, field, prompt }) => {
  const sotto = await launch();
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost(60_000);
  const control = await sotto.controlPage();
  await control.evaluate(() => chrome.runtime.reload()).catch(() => undefined);

  // The script on the page belongs to an extension that is gone. Nobody answers for it, so only the page can tell.
  await expect.poll(() => typed.hosts()).toBe(0);
  await typed.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("after");
  await typed.locator.focus();
  await typed.press("End");
  await typed.type("7, 8 and 9.");
  await typed.holds(`${prompt.text}7, 8 and 9.`);
  expect(await page.evaluate(() => window.record?.errors)).toEqual([]);

  // The new one works.
  const again = await open("/textarea.html", { sotto });
  const other = field(again, {}, sotto);
  await other.focus();
  await other.type(prompt.text);
  await other.ghost(60_000);
});
