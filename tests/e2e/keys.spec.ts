// Every key can be bound to something else, and the change reaches pages that are already open.

import { expect, test } from "./fixtures";

test("other keys accept, accept a word and dismiss; the old ones are the page's again", async ({
  sotto,
  open,
  field,
  prompt,
}) => {
  const page = await open("/textarea.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  const ghost = await typed.ghost();
  await sotto.setSettings({ keys: { acceptAll: "Ctrl+Enter", acceptWord: "Alt+ArrowRight", dismiss: "Ctrl+Shift+X" } });

  // The change has arrived when the new key dismisses.
  await expect
    .poll(async () => {
      await typed.press("Control+Shift+X");
      return (await typed.inspect())?.visible;
    })
    .toBe(false);
  await typed.replace(`Well. ${prompt.text}`);
  const other = await typed.ghost();
  await typed.press("Escape");
  expect((await typed.inspect())?.visible).toBe(true);
  await typed.press("Alt+ArrowRight");
  await expect.poll(() => typed.value()).not.toBe(`Well. ${prompt.text}`);
  expect(other.startsWith((await typed.value()).slice(`Well. ${prompt.text}`.length))).toBe(true);

  await typed.replace(`Now. ${prompt.text}`);
  const third = await typed.ghost();
  await typed.press("Control+Enter");
  await typed.holds(`Now. ${prompt.text}${third}`);

  await typed.replace(`Then. ${prompt.text}`);
  await typed.ghost();
  await typed.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("after");
  await typed.holds(`Then. ${prompt.text}`);
  expect(ghost.length).toBeGreaterThan(0);
});
