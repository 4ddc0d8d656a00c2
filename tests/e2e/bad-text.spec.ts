// Text that is too long or not text at all.

import { expect, test } from "./fixtures";

const TYPED = "A ";

test("a field with 10 MB of text stays as fast and as whole as it was", async ({ open, field }) => {
  // Chromium alone needs seconds to lay the text out, and a second for every key in it.
  test.setTimeout(180_000);
  const page = await open("/huge.html");
  const typed = field(page);
  const length = await typed.locator.evaluate((element) => (element as HTMLTextAreaElement).value.length);
  expect(length).toBe(10_000_000);
  await typed.locator.focus();
  await typed.type(TYPED);
  // A suggestion, or the reason that the text is too long; never a hang, and never a changed text.
  const answer = await typed.answer(60_000);
  if (answer.text === "") expect(answer.reason).toBe("tooLong");
  for (const ms of (await typed.inspect())?.mainThreadMs ?? []) expect(ms).toBeLessThan(100);
  const state = await typed.locator.evaluate((element) => {
    const { value } = element as HTMLTextAreaElement;
    return { length: value.length, end: value.slice(-60) };
  });
  expect(state.length).toBe(length + TYPED.length);
  expect(state.end.endsWith(TYPED)).toBe(true);
  expect(await page.evaluate(() => window.record?.errors)).toEqual([]);
});

const LONE = "\ud83d";

for (const [name, selector] of [
  ["textarea", "#field"],
  ["rich text", "#rich"],
] as const) {
  test(`${name}: half of a character does no harm`, async ({ open, field, prompt }) => {
    const page = await open("/surrogates.html");
    const typed = field(page, { selector });
    const broken = `Before ${LONE} and after \udc00. `;
    await typed.locator.evaluate((element, text) => {
      if (element instanceof HTMLTextAreaElement) element.value = text;
      else element.textContent = text;
    }, broken);
    await typed.focus();
    await typed.press("ControlOrMeta+End");
    await typed.type(prompt.text);
    await typed.answer();
    const units = await typed.locator.evaluate((element) => {
      const text = element instanceof HTMLTextAreaElement ? element.value : (element.textContent ?? "");
      return [...Array(text.length).keys()]
        .map((index) => text.charCodeAt(index))
        .filter((unit) => unit >= 0xd800 && unit <= 0xdfff);
    });
    expect(units).toEqual([0xd83d, 0xdc00]);

    // The caret right after a half: no crash, nothing wrong inserted, and the engine goes on working.
    await typed.replace("Half");
    await typed.locator.evaluate((element, lone) => {
      if (element instanceof HTMLTextAreaElement) element.value = lone;
      else element.textContent = lone;
    }, LONE);
    await typed.press("ControlOrMeta+End");
    await typed.type("a");
    await typed.answer();
    await typed.replace(prompt.text);
    await typed.ghost();
    expect(await page.evaluate(() => window.record?.errors)).toEqual([]);
  });
}
