// A site that is off gets nothing: no script that reads, no overlay, no captured key. The setting follows the page in the
// address bar, whatever its frames come from.

import { expect, test } from "./fixtures";
import { foreignMutations } from "./lib/field";
import { countReads } from "./lib/reads.mjs";

test("nothing is injected into a site that is off", async ({ sotto, open, field, pages, prompt }) => {
  await sotto.setSettings({ offSites: [pages.origin] });
  const page = await open("/textarea.html");
  const reads = await countReads(page, sotto.extensionId);
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.holds(prompt.text);
  await typed.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("after");
  expect(reads.worlds, "scripts of the extension in the page").toBe(0);
  expect(await reads.of("field")).toEqual({});
  expect(await typed.inspect()).toBeUndefined();
  expect(await foreignMutations(page.mainFrame())).toEqual([]);
  expect(await typed.hosts()).toBe(0);
});

test("switching the site off removes a suggestion that shows, and on again brings it back", async ({
  sotto,
  open,
  field,
  pages,
  prompt,
}) => {
  const page = await open("/textarea.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost();

  await sotto.setSettings({ offSites: [pages.origin] });
  await expect.poll(() => typed.hosts()).toBe(0);
  const reads = await countReads(page, sotto.extensionId);
  await typed.replace(prompt.text);
  await typed.holds(prompt.text);
  await typed.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("after");
  expect(await reads.of("field")).toEqual({});

  await sotto.setSettings({ offSites: [] });
  const again = await open("/textarea.html");
  const other = field(again);
  await other.focus();
  await other.type(prompt.text);
  await other.ghost();
});

test("off everywhere means off here", async ({ sotto, open, field, prompt }) => {
  await sotto.setSettings({ enabled: false });
  const page = await open("/textarea.html");
  const reads = await countReads(page, sotto.extensionId);
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("after");
  expect(await reads.of("field")).toEqual({});
  expect(await typed.hosts()).toBe(0);
});

for (const name of ["same", "blank", "srcdoc", "cross"]) {
  test(`a ${name} frame is off where the page around it is off`, async ({ sotto, open, field, pages, prompt }) => {
    await sotto.setSettings({ offSites: [pages.origin] });
    const page = await open("/iframes.html");
    const typed = field(page, { frame: name });
    await typed.focus();
    await typed.type(prompt.text);
    await typed.holds(prompt.text);
    // The same frame, by its own address in a tab where its site is on, does answer: so it would have by now.
    if (name === "cross") {
      const direct = await open("/frame.html", { origin: pages.otherOrigin });
      const inTab = field(direct);
      await inTab.focus();
      await inTab.type(prompt.text);
      await inTab.ghost();
    }
    expect(await typed.hosts()).toBe(0);
    expect((await typed.inspect())?.visible ?? false).toBe(false);
    expect((await typed.inspect())?.textReads ?? 0).toBe(0);
  });
}

test("a frame works where the page around it is on, although its own site is off", async ({
  sotto,
  open,
  field,
  pages,
  prompt,
}) => {
  await sotto.setSettings({ offSites: [pages.otherOrigin] });
  const page = await open("/iframes.html");
  const typed = field(page, { frame: "cross" });
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost();
});
