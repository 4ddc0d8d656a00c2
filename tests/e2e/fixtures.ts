// What every test starts from: the built extension in a real Chromium with a fresh profile, the local pages, and a
// sentence that the shipped model is known to finish. Every test fails if anything tried to leave the machine.

import { test as base, expect, type Page } from "@playwright/test";
import { type PageServer, servePages } from "../pages/server.mjs";
import { launchSotto, type Sotto, type SottoOptions } from "./lib/browser.mjs";
import { Field, type FieldPlace } from "./lib/field";
import { PROMPTS } from "./lib/prompts.mjs";

export { expect, Field };

/** A beginning, and how the model finishes it. */
export interface Prompt {
  text: string;
  suggestion: string;
}

interface WorkerFixtures {
  pages: PageServer;
  shared: Sotto;
  prompt: Prompt;
}

interface TestFixtures {
  /** The browser of this worker, with default settings. */
  sotto: Sotto;
  /** A browser of its own, for tests that break something. */
  launch: (options?: SottoOptions) => Promise<Sotto>;
  /** Opens one of the local pages. */
  open: (path: string, options?: { sotto?: Sotto; origin?: string }) => Promise<Page>;
  /** A field of an open page. */
  field: (page: Page, place?: FieldPlace, sotto?: Sotto) => Field;
  nothingLeft: undefined;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  pages: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
    async ({}, use) => {
      const server = await servePages();
      await use(server);
      await server.close();
    },
    { scope: "worker" },
  ],

  shared: [
    // biome-ignore lint/correctness/noEmptyPattern: see above
    async ({}, use) => {
      const sotto = await launchSotto();
      await use(sotto);
      await sotto.close();
    },
    { scope: "worker" },
  ],

  // The first beginning that the shipped model finishes with more than one word. Tests do not know the model's answers:
  // a better model must not break them, and greedy decoding gives the same answer again.
  prompt: [
    async ({ shared, pages }, use) => {
      const page = await shared.context.newPage();
      await page.goto(`${pages.origin}/textarea.html`);
      const field = new Field(shared, page);
      const found = await findPrompt(field);
      await page.close();
      await use(found);
    },
    { scope: "worker", timeout: 120_000 },
  ],

  sotto: async ({ shared }, use) => {
    await shared.setSettings({});
    await use(shared);
  },

  // biome-ignore lint/correctness/noEmptyPattern: see above
  launch: async ({}, use) => {
    const launched: Sotto[] = [];
    await use(async (options) => {
      const sotto = await launchSotto(options);
      launched.push(sotto);
      return sotto;
    });
    for (const sotto of launched) {
      const seen = [...(sotto.guard?.seen ?? [])];
      await sotto.close();
      expect(seen, "nothing may leave the machine").toEqual([]);
    }
  },

  open: async ({ sotto: shared, pages }, use) => {
    const opened: Page[] = [];
    await use(async (path, options = {}) => {
      const page = await (options.sotto ?? shared).context.newPage();
      opened.push(page);
      // A query of its own, because the extension's pages know a tab by its address.
      await page.goto(`${options.origin ?? pages.origin}${path}?${opened.length}`);
      await page.waitForFunction(() => window.record?.started);
      return page;
    });
    for (const page of opened) {
      if (!page.isClosed()) await page.close().catch(() => undefined);
    }
  },

  field: async ({ sotto: shared }, use) => {
    await use((page, place, sotto) => new Field(sotto ?? shared, page, place));
  },

  nothingLeft: [
    async ({ shared, pages }, use) => {
      const before = shared.guard?.seen.length ?? 0;
      const asked = pages.requests.length;
      await use(undefined);
      expect(shared.guard?.seen.slice(before), "nothing may leave the machine").toEqual([]);
      const fromExtension = pages.requests
        .slice(asked)
        .filter((request) => request.method !== "GET" || request.origin?.startsWith("chrome-extension:"));
      expect(fromExtension, "the extension asks the network for nothing").toEqual([]);
    },
    { auto: true },
  ],
});

async function findPrompt(field: Field): Promise<Prompt> {
  const reasons: string[] = [];
  for (const text of PROMPTS) {
    await field.replace("");
    await field.write(text);
    const suggestion = await field.answer(reasons.length === 0 ? 60_000 : 15_000);
    if (suggestion.text.trim().includes(" ")) return { text, suggestion: suggestion.text };
    reasons.push(`${JSON.stringify(text)}: ${suggestion.text || suggestion.reason}`);
  }
  throw new Error(`the model finished none of the prompts with two words:\n${reasons.join("\n")}`);
}
