// Input methods: while text is composed nothing shows and no key is taken.

import type { CDPSession, Page } from "@playwright/test";
import { expect, test } from "./fixtures";

async function compose(session: CDPSession, text: string): Promise<void> {
  await session.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
}

/** A key as an input method sends it: code 229 while composing. */
async function composingKey(session: CDPSession, key: string): Promise<void> {
  for (const type of ["rawKeyDown", "keyUp"] as const) {
    await session.send("Input.dispatchKeyEvent", { type, key, code: key, windowsVirtualKeyCode: 229 });
  }
}

const lastKey = (page: Page, key: string) =>
  page.evaluate((key) => window.keys.filter((entry) => entry.key === key).at(-1), key);

for (const [name, selector] of [
  ["textarea", "#field"],
  ["rich text", "#rich"],
] as const) {
  test(`${name}: composing hides the suggestion and takes neither Tab nor Enter`, async ({ open, field, prompt }) => {
    const page = await open("/ime.html");
    const typed = field(page, { selector });
    const session = await page.context().newCDPSession(page);
    await typed.focus();
    await typed.type(prompt.text);
    await typed.ghost();

    await compose(session, "に");
    await typed.silentBecause("composing");
    await compose(session, "にほん");
    expect((await typed.inspect())?.visible).toBe(false);

    for (const key of ["Tab", "Enter", "Escape"]) {
      await composingKey(session, key);
      const seen = await lastKey(page, key);
      expect(seen?.code).toBe(229);
      expect(seen?.prevented).toBe(false);
    }
    expect(await typed.value()).not.toContain(prompt.suggestion);

    await session.send("Input.insertText", { text: "日本" });
    await typed.holds(`${prompt.text}日本`);

    // Composition is over: ordinary typing gets suggestions again.
    await typed.replace(prompt.text);
    await typed.ghost();
  });
}
