// The popup: model, backend with its reason, and the switch for this site.

import { expect, test } from "./fixtures";

test("the popup shows model, backend and reason", async ({ launch, open, field, prompt }) => {
  const sotto = await launch();
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost(60_000);
  const status = await sotto.engineStatus();
  expect(status.type).toBe("ready");
  const popup = await sotto.openPopup(page);
  await expect.poll(() => popup.text()).toContain(status.engine.model);
  const text = await popup.text();
  expect(text).toMatch(status.engine.backend === "wasm" ? /WebAssembly/i : /WebGPU/i);
  expect((await popup.evaluate<string>("document.querySelector('#fact-why').innerText")).trim()).not.toBe("");
  expect(text).toMatch(/\d+ ms/);
  expect(text).toContain("localhost");
});

test("the popup's switch turns this site off and on again", async ({ launch, open, field, pages, prompt }) => {
  const sotto = await launch();
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost(60_000);

  const popup = await sotto.openPopup(page);
  await expect.poll(() => popup.text()).toContain("localhost");
  await popup.click("#site-switch");
  await expect.poll(async () => (await sotto.settings()).offSites).toEqual([pages.origin]);
  await expect.poll(() => typed.hosts()).toBe(0);
  await popup.click("#site-switch");
  await expect.poll(async () => (await sotto.settings()).offSites).toEqual([]);
  await popup.close();

  const again = await open("/textarea.html", { sotto });
  const other = field(again, {}, sotto);
  await other.focus();
  await other.type(prompt.text);
  await other.ghost();
});

test("the popup says why the field in front shows nothing", async ({ launch, open, field }) => {
  const sotto = await launch();
  const page = await open("/textarea.html", { sotto });
  const typed = field(page, {}, sotto);
  await typed.focus();
  await typed.write("My card number is 4111 1111 ");
  await typed.silentBecause("sensitiveContent");
  const popup = await sotto.openPopup(page);
  await expect.poll(() => popup.text()).toContain("looks like personal data");
});
