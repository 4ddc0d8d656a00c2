// Escape dismisses a suggestion, and for that text it stays away.

import { expect, test } from "./fixtures";

test("Escape hides the suggestion, and the same text does not bring it back", async ({ open, field, prompt }) => {
  const page = await open("/textarea.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost();
  await typed.press("Escape");
  await typed.silentBecause("dismissed");
  await typed.holds(prompt.text);

  // Away and back again, then a letter typed and taken back: the text is the same as before.
  await page.locator("#after").click();
  await typed.locator.focus();
  await typed.press("End");
  await typed.type("z");
  await typed.press("Backspace");
  await typed.holds(prompt.text);
  await typed.silentBecause("dismissed");

  // Other text is another question.
  await typed.replace(`Hello. ${prompt.text}`);
  await typed.ghost();
});

test("Escape belongs to the page when nothing shows", async ({ open, field, prompt }) => {
  const page = await open("/dialog.html");
  await page.click("#open");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost();

  await typed.press("Escape");
  await typed.noGhost();
  expect(await page.locator("#dialog").evaluate((dialog) => (dialog as HTMLDialogElement).open)).toBe(true);

  await typed.press("Escape");
  await expect.poll(() => page.locator("#dialog").evaluate((dialog) => (dialog as HTMLDialogElement).open)).toBe(false);
});
