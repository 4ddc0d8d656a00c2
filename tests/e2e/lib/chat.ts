// The chat, as the popup shows it, in a tab of its own: there Playwright has its whole keyboard and mouse.

import { expect, type Locator, type Page } from "@playwright/test";
import type { Sotto } from "./browser.mjs";

export class Chat {
  readonly input: Locator;
  readonly answers: Locator;
  readonly errors: Locator;

  private constructor(readonly page: Page) {
    this.input = page.locator("#chat-input");
    this.answers = page.locator(".message.assistant");
    this.errors = page.locator(".message.assistant .problem");
  }

  /** `popup.html` or `sidepanel.html`. */
  static async open(sotto: Sotto, file = "popup.html"): Promise<Chat> {
    const page = await sotto.context.newPage();
    await page.goto(`chrome-extension://${sotto.extensionId}/${file}`);
    if (file === "popup.html") await page.click("#tab-chat");
    await page.locator("#chat[data-ready]").waitFor();
    return new Chat(page);
  }

  async send(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press("Enter");
  }

  /** Waits until the last answer is complete. */
  async done(timeout = 15_000): Promise<Locator> {
    const last = this.answers.last();
    await expect(last).toHaveAttribute("aria-busy", "false", { timeout });
    return last;
  }

  /** Presses the button that says "Stop" while an answer is written. */
  async stop(): Promise<void> {
    await expect(this.page.locator("#chat-send")).toHaveText("Stop");
    await this.page.click("#chat-send");
  }
}
