// The consent sheet, in the window that the extension opens for it.

import { expect, type Locator, type Page } from "@playwright/test";
import type { Sotto } from "./browser.mjs";

const isSheet = (page: Page) => page.url().endsWith("/consent.html");

export class Sheet {
  readonly payload: Locator;

  private constructor(readonly page: Page) {
    this.payload = page.locator("#payload");
  }

  /** Does something that opens the sheet, and waits until it shows its question. */
  static async openedBy(sotto: Sotto, action: () => Promise<unknown>): Promise<Sheet> {
    const opened = sotto.context.waitForEvent("page", { predicate: isSheet, timeout: 30_000 });
    await action();
    const sheet = new Sheet(await opened);
    await sheet.page.locator("#question").waitFor();
    return sheet;
  }

  /** Sheets that are open. */
  static count(sotto: Sotto): number {
    return sotto.context.pages().filter(isSheet).length;
  }

  /** What is on the screen, character for character. */
  async text(): Promise<string> {
    return (await this.payload.textContent()) ?? "";
  }

  /** Clicks with the mouse, once the button can be clicked, and waits for the window's end. */
  async choose(id: "no" | "once" | "allow"): Promise<void> {
    const closed = this.page.waitForEvent("close");
    await this.page.click(`#${id}`);
    await closed;
  }

  /** Hides one more text, and waits for the payload that is made without it. */
  async hide(text: string): Promise<void> {
    const before = await this.text();
    await this.page.fill("#add-text", text);
    await this.page.press("#add-text", "Enter");
    await expect.poll(() => this.text()).not.toBe(before);
  }
}
