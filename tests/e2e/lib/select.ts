// Selects text on a page as a user would leave it selected.

import type { Frame } from "@playwright/test";

/** Selects everything in an element of a frame. */
export async function selectIn(frame: Frame, selector: string): Promise<void> {
  await frame.evaluate((selector) => {
    const element = document.querySelector(selector);
    if (!element) throw new Error(`no ${selector}`);
    document.getSelection()?.selectAllChildren(element);
  }, selector);
}
