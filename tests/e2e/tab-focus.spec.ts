// Tab belongs to the page unless a suggestion shows.

import { expect, test } from "./fixtures";

const focused = () => document.activeElement?.id;

test("Tab and Shift+Tab move the focus when nothing shows", async ({ open, field }) => {
  const page = await open("/input.html");
  const typed = field(page);
  await typed.focus();
  await typed.press("Tab");
  expect(await page.evaluate(focused)).toBe("search");
  await typed.press("Tab");
  expect(await page.evaluate(focused)).toBe("after");
  await typed.press("Shift+Tab");
  await typed.press("Shift+Tab");
  expect(await page.evaluate(focused)).toBe("field");
  await typed.press("Shift+Tab");
  expect(await page.evaluate(focused)).toBe("before");
});

test("Shift+Tab moves the focus back while a suggestion shows", async ({ open, field, prompt }) => {
  const page = await open("/input.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost();
  await typed.press("Shift+Tab");
  expect(await page.evaluate(focused)).toBe("before");
  await typed.noGhost();
  await typed.holds(prompt.text);
});

test("Tab moves the focus again after Escape", async ({ open, field, prompt }) => {
  const page = await open("/textarea.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost();
  await typed.press("Escape");
  await typed.noGhost();
  await typed.press("Tab");
  expect(await page.evaluate(focused)).toBe("after");
  await typed.holds(prompt.text);
});
