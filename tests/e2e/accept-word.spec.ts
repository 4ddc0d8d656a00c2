// Accepting one word keeps the rest on screen, drawn from memory.

import { expect, test } from "./fixtures";

test("accepting word by word inserts the whole suggestion, piece by piece", async ({ open, field, prompt }) => {
  const page = await open("/textarea.html");
  const typed = field(page);
  await typed.focus();
  await typed.write(prompt.text);
  const ghost = await typed.ghost();

  await typed.press("Control+ArrowRight");
  await expect.poll(() => typed.value()).not.toBe(prompt.text);
  const inserted = (await typed.value()).slice(prompt.text.length);
  expect(ghost.startsWith(inserted)).toBe(true);
  expect(inserted.trim().split(/\s+/)).toHaveLength(1);
  const rest = ghost.slice(inserted.length);
  expect(rest.trim()).not.toBe("");
  expect(await typed.ghost()).toBe(rest);

  // The rest goes the same way; each step leaves exactly what is not accepted yet.
  let left = rest;
  while (left.trim() !== "") {
    const before = await typed.value();
    await typed.press("Control+ArrowRight");
    await expect.poll(() => typed.value()).not.toBe(before);
    const piece = (await typed.value()).slice(before.length);
    expect(left.startsWith(piece)).toBe(true);
    left = left.slice(piece.length);
  }
  await typed.holds(prompt.text + ghost);
});

test("Tab after one accepted word inserts what is left", async ({ open, field, prompt }) => {
  const page = await open("/contenteditable.html");
  const typed = field(page);
  await typed.focus();
  await typed.write(prompt.text);
  const ghost = await typed.ghost();
  await typed.press("Control+ArrowRight");
  await expect.poll(() => typed.value()).not.toBe(prompt.text);
  await typed.ghost();
  await typed.press("Tab");
  await typed.holds(prompt.text + ghost);
});

test("Ctrl+Right moves the caret as always when nothing shows", async ({ open, field, prompt }) => {
  const page = await open("/textarea.html");
  const typed = field(page);
  await typed.focus();
  await typed.type(prompt.text);
  await typed.ghost();
  await typed.press("Escape");
  await typed.noGhost();
  await typed.press("Home");
  await typed.press("Control+ArrowRight");
  const caret = await typed.locator.evaluate((element) => (element as HTMLTextAreaElement).selectionStart);
  expect(caret).toBeGreaterThan(0);
  expect(caret).toBeLessThan(prompt.text.length);
  await typed.holds(prompt.text);
});
