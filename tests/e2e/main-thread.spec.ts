// A keystroke costs the page less than a millisecond of the main thread, also in a long text.

import { expect, test } from "./fixtures";

const BUDGET_MS = 1;

for (const [name, path, selector] of [
  ["textarea", "/textarea.html", "#field"],
  ["rich text", "/contenteditable.html", "#field"],
] as const) {
  test(`${name}: the content script works less than ${BUDGET_MS} ms per keystroke`, async ({ open, field }) => {
    const page = await open(path);
    const typed = field(page, { selector });
    await typed.focus();
    await typed.type(
      "There was a long silence, and then everybody began to speak at the same time about the weather. ",
    );
    await expect.poll(async () => (await typed.inspect())?.mainThreadMs.length ?? 0).toBeGreaterThan(50);
    const times = [...((await typed.inspect())?.mainThreadMs ?? [])].sort((a, b) => a - b);
    const median = times[Math.floor(times.length / 2)] ?? Number.POSITIVE_INFINITY;
    expect(median).toBeLessThan(BUDGET_MS);
  });
}
