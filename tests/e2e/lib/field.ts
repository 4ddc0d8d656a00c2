// One text field under test: types with real key events, and waits for what the content script says about it.

import { expect, type Frame, type Locator, type Page } from "@playwright/test";
import type { Inspection, Sotto } from "./browser.mjs";

export interface FieldPlace {
  /** CSS selector; `#field` if absent. Reaches into open shadow roots. */
  selector?: string;
  /** Name of the frame; the page itself if absent. */
  frame?: string;
}

/** What record.js writes down. */
export interface Mutation {
  cause: "typing" | "other";
  type: string;
  target: string;
  attribute: string | null;
  added: string[];
  removed: string[];
}

declare global {
  interface Window {
    record?: {
      started?: boolean;
      mutations: Mutation[];
      inputs: { type: string; trusted: boolean; target: string }[];
      errors: string[];
    };
  }
}

const POLL = { intervals: [25, 50, 100], timeout: 15_000 };

export class Field {
  readonly frame: Frame;
  readonly locator: Locator;
  #frameId: number | undefined;

  constructor(
    readonly sotto: Sotto,
    readonly page: Page,
    readonly place: FieldPlace = {},
  ) {
    const frame = place.frame === undefined ? page.mainFrame() : page.frame({ name: place.frame });
    if (!frame) throw new Error(`the page has no frame ${place.frame}`);
    this.frame = frame;
    this.locator = frame.locator(place.selector ?? "#field");
  }

  async focus(): Promise<void> {
    await this.locator.click();
  }

  /** Real key events, one for each character. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /**
   * The whole text as one input event, as dictation does. Only the suggestion for exactly this text can show then; with
   * keys, it is a matter of speed whether one for an earlier part is still being typed through.
   */
  async write(text: string): Promise<void> {
    await this.page.keyboard.insertText(text);
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  /** Puts other text into the field, as a user would. */
  async replace(text: string): Promise<void> {
    await this.focus();
    await this.press("ControlOrMeta+a");
    await this.press("Delete");
    await this.type(text);
  }

  /** The text of the field, as the page sees it. */
  async value(): Promise<string> {
    const value = await this.locator.evaluate((element) =>
      element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
        ? element.value
        : (element.textContent ?? ""),
    );
    // Chromium types a space at the end of rich text as a no-break space.
    return value.replaceAll("\u00a0", " ").replace(/\n$/, "");
  }

  async isFocused(): Promise<boolean> {
    return this.locator.evaluate((element) => {
      const root = element.getRootNode() as Document | ShadowRoot;
      return root.activeElement === element;
    });
  }

  /** What the content script says; undefined where there is none. */
  async inspect(): Promise<Inspection | undefined> {
    if (this.place.frame !== undefined && this.#frameId === undefined) {
      this.#frameId = (await this.sotto.frameIds(this.page))[this.place.frame];
      if (this.#frameId === undefined) throw new Error(`the browser has no frame ${this.place.frame}`);
    }
    return this.sotto.inspect(this.page, this.#frameId ?? 0);
  }

  /** Waits for a suggestion and returns its text. */
  async ghost(timeout = POLL.timeout): Promise<string> {
    let text = "";
    await expect
      .poll(
        async () => {
          const state = await this.inspect();
          text = state?.text ?? "";
          return state?.visible ? "visible" : `hidden (${state ? state.reason : "no content script"})`;
        },
        { ...POLL, timeout, message: "a suggestion shows" },
      )
      .toBe("visible");
    expect(await this.hosts()).toBe(1);
    return text;
  }

  /** Waits for a suggestion or for the reason why there is none. */
  async answer(timeout = POLL.timeout): Promise<{ text: string; reason: string | null }> {
    let state: Inspection | undefined;
    await expect
      .poll(
        async () => {
          state = await this.inspect();
          return state !== undefined && (state.visible || (!state.waiting && state.reason !== null));
        },
        { ...POLL, timeout, message: "the engine answers" },
      )
      .toBe(true);
    return { text: state?.visible ? state.text : "", reason: state?.reason ?? null };
  }

  /** Waits until nothing shows. */
  async noGhost(): Promise<void> {
    await expect.poll(async () => (await this.inspect())?.visible ?? false, POLL).toBe(false);
    expect(await this.hosts()).toBe(0);
  }

  /** Waits until nothing shows for this reason. */
  async silentBecause(reason: string): Promise<void> {
    await expect
      .poll(async () => (await this.inspect())?.reason, { ...POLL, message: "the reason for silence" })
      .toBe(reason);
    await this.noGhost();
  }

  /** Ghost overlays in the field's document. */
  async hosts(): Promise<number> {
    return this.frame.evaluate(() => document.querySelectorAll("sotto-ghost").length);
  }

  /** Waits until the field holds this text. */
  async holds(text: string): Promise<void> {
    await expect.poll(() => this.value(), { ...POLL, message: "the text of the field" }).toBe(text);
  }
}

/** Changes of the document that typing did not make. The only one allowed of Sotto is the ghost's host. */
export async function foreignMutations(frame: Frame): Promise<Mutation[]> {
  const mutations = await frame.evaluate(() => window.record?.mutations ?? []);
  return mutations.filter((mutation) => mutation.cause === "other" && !isGhostHost(mutation));
}

/** How often the ghost's host came and went. */
export async function hostChanges(frame: Frame): Promise<{ added: number; removed: number }> {
  const mutations = (await frame.evaluate(() => window.record?.mutations ?? [])).filter(isGhostHost);
  return {
    added: mutations.filter((mutation) => mutation.added.length > 0).length,
    removed: mutations.filter((mutation) => mutation.removed.length > 0).length,
  };
}

function isGhostHost(mutation: Mutation): boolean {
  if (mutation.target === "sotto-ghost") return mutation.type === "attributes";
  const nodes = [...mutation.added, ...mutation.removed];
  return (
    mutation.type === "childList" &&
    mutation.target === "html" &&
    nodes.length > 0 &&
    nodes.every((node) => node === "sotto-ghost")
  );
}
