// The life of suggestions in one focused field: ask, wait for the right moment, show, follow the typing, accept or drop.
// Every step compares with the text that is in the field now; whatever does not match is dropped.

import type { InspectionReason } from "../shared/messages";
import type { SuggestionSource } from "../shared/protocol";
import { accept } from "./accept";
import type { Answer, EngineClient } from "./engine-client";
import { isExtensionAlive } from "./extension-alive";
import type { FieldContext } from "./field-context";
import { hasFocus } from "./fields";
import type { Ghost } from "./ghost";
import { GhostWatch } from "./ghost-watch";
import type { Metrics } from "./metrics";
import { SEEN_AFTER_MS } from "./pacing";
import { firstWord, isLastWord, remaining, type Suggestion } from "./suggestion";
import { Tally } from "./tally";
import { type CaretWindow, readWindow, textBeforeCaret } from "./text-window";

export interface SessionParts {
  client: EngineClient;
  ghost: Ghost;
  metrics: Metrics;
  announce: (text: string) => void;
  /** The extension was reloaded or removed under this script. */
  orphaned: () => void;
}

/** How a change of the text came about. */
export type Change = "typed" | "deleted" | "other";

/** Deleting is no time for suggestions; the pause after it is longer. */
const PAUSE_AFTER_DELETE_MS = 200;

export class Session {
  readonly context: FieldContext;
  /** Why nothing shows; null while something does, or while there is no answer yet. */
  reason: InspectionReason | null = null;
  /** Who wrote the suggestion that came last. */
  source: SuggestionSource | null = null;
  readonly #parts: SessionParts;
  readonly #watch: GhostWatch;
  readonly #tally: Tally;
  /** What is on screen, or waits for its moment, or was typed away from and may come back. */
  #suggestion: Suggestion | undefined;
  /** Fetched while the last word of the one on screen was being typed; takes over when that is used up. */
  #next: Suggestion | undefined;
  /** What of it is on screen. */
  #shown = "";
  /** When it came up; 0 while it never has. */
  #shownAtMs = 0;
  #request: { id: number; window: CaretWindow } | undefined;
  #lastWindow: CaretWindow | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notBeforeMs = 0;
  #accepting = false;

  constructor(context: FieldContext, parts: SessionParts) {
    this.context = context;
    this.#parts = parts;
    this.#tally = new Tally((note) => parts.client.note(note));
    this.#watch = new GhostWatch(context.field, {
      moved: () => this.#draw(),
      gone: () => this.drop(),
      check: () => (isExtensionAlive() ? this.checkCaret() : parts.orphaned()),
    });
  }

  /** Whether an answer is on its way, or a suggestion waits for its moment. */
  get waiting(): boolean {
    return this.#request !== undefined || this.#timer !== undefined;
  }

  get visibleText(): string {
    return this.#parts.ghost.visible ? this.#shown : "";
  }

  /** The field's text changed by the user's hand. */
  changed(change: Change, nowMs: number): void {
    if (this.#accepting || !this.#mayRead()) return;
    if (change === "typed") this.context.pacing.typed(nowMs);
    this.#notBeforeMs = change === "deleted" ? nowMs + PAUSE_AFTER_DELETE_MS : 0;
    const window = this.#window();
    this.#lastWindow = window;
    if (!window) return;
    if (this.#isDismissed(window)) {
      this.drop("dismissed");
    } else if (!this.#follow(window)) {
      if (change === "other") this.#forgetRequest();
      else this.#ask(window);
    }
  }

  /** An editor may draw its text some time after the key: did it change since the last look? */
  settled(change: Change, nowMs: number): void {
    if (this.#accepting || !this.#mayRead()) return;
    const result = readWindow(this.context.field);
    const last = this.#lastWindow;
    if (result.type !== "window") return;
    const { before, after } = result.window;
    if (before !== last?.before || after !== last.after) this.changed(change, nowMs);
  }

  /** The caret may have moved: what is on screen stays only if it still belongs there. */
  checkCaret(): void {
    if (this.#accepting || !this.#parts.ghost.visible || !this.#mayRead()) return;
    const rest = this.#restNow();
    if (!rest) this.drop();
    else if (rest !== this.#shown) this.#show(rest);
  }

  /** The text to accept if the key was pressed now; undefined if what is shown is not true any more. */
  acceptable(): string | undefined {
    if (this.#accepting || !this.#parts.ghost.visible) return undefined;
    if (hasFocus(this.context.field) && this.#mayRead()) {
      const rest = this.#restNow();
      if (rest && rest === this.#shown) return rest;
    }
    this.drop();
    return undefined;
  }

  /** Accepts what is shown: all of it or its first word. */
  async accept(part: "all" | "word"): Promise<void> {
    const rest = this.acceptable();
    const window = this.#window();
    if (rest === undefined || !window) return;
    const text = part === "all" ? rest : firstWord(rest);
    this.#accepting = true;
    this.#forgetRequest();
    if (text === rest) this.#hide();
    let result: "inserted" | "refused" = "refused";
    try {
      result = await accept(this.context.field, text, window);
    } finally {
      this.#accepting = false;
    }
    if (result === "refused") {
      this.drop("acceptFailed");
      return;
    }
    this.context.pacing.accepted();
    this.#tally.accepted(text);
    const left = this.#restNow();
    if (left) this.#show(left);
    else this.drop();
  }

  /** The user does not want this one: it stays away while the text is what it was made for. */
  dismiss(): void {
    this.context.dismissed = this.#suggestion;
    this.context.pacing.ignored();
    this.drop("dismissed");
  }

  /** Takes everything off the screen and forgets it. */
  drop(reason: InspectionReason | null = null): void {
    this.#forgetRequest();
    this.#suggestion = undefined;
    this.#next = undefined;
    this.#tally.end();
    this.#hide();
    this.reason = reason;
  }

  /** Something on the page moved. */
  moved(): void {
    this.#watch.nudge();
  }

  /** Type-through: true if the text is still on the way that the suggestion describes. */
  #follow(window: CaretWindow): boolean {
    const suggestion = this.#suggestion;
    if (!suggestion) return false;
    const rest = remaining(suggestion, window);
    if (rest === undefined) {
      // Kept, not forgotten: backspace may bring it back.
      const seen = this.#parts.ghost.visible && performance.now() - this.#shownAtMs >= SEEN_AFTER_MS;
      if (seen) this.context.pacing.ignored();
      this.#hide();
      return false;
    }
    if (rest === "") return this.#takeNext(window);
    if (this.#shownAtMs > 0) this.#show(rest);
    else this.#scheduleShow();
    if (isLastWord(rest)) this.#askAhead(window);
    else this.#forgetRequest();
    return true;
  }

  /** The suggestion was typed to its end. */
  #takeNext(window: CaretWindow): boolean {
    const next = this.#next;
    const rest = next && remaining(next, window);
    this.#suggestion = rest ? next : undefined;
    this.#next = undefined;
    if (rest) this.#show(rest);
    else this.#hide();
    return Boolean(rest);
  }

  /** Fetches what comes after the last word on screen, unless that is there or on its way. */
  #askAhead(window: CaretWindow): void {
    if (this.#next && remaining(this.#next, window) !== undefined) return;
    if (this.#request && window.before.startsWith(this.#request.window.before)) return;
    this.#next = undefined;
    this.#ask(window);
  }

  #ask(window: CaretWindow): void {
    const { client } = this.#parts;
    if (this.#request) client.forget(this.#request.id);
    const lineStart = window.before.lastIndexOf("\n") + 1;
    const hints = this.context.hints(window.before.length - lineStart + lineEnd(window.after));
    const id = client.suggest(window.before, window.after, hints, (answer) => {
      if (this.#request?.id !== id) return;
      this.#request = undefined;
      this.#parts.metrics.work(() => this.#answered(window, answer));
    });
    this.#request = { id, window };
  }

  #answered(window: CaretWindow, answer: Answer): void {
    const ahead = this.#parts.ghost.visible;
    if (answer.type === "error") {
      if (answer.error.code !== "cancelled" && !ahead) this.reason = "engineError";
    } else if (answer.outcome.type === "suppress") {
      if (!ahead) this.reason = answer.outcome.reason;
    } else if (ahead) {
      this.source = answer.source;
      this.#next = { ...window, text: answer.outcome.text };
    } else {
      this.source = answer.source;
      this.#suggestion = { ...window, text: answer.outcome.text };
      this.#shownAtMs = 0;
      this.#scheduleShow();
    }
  }

  #scheduleShow(): void {
    this.#clearTimer();
    const now = performance.now();
    const wait = Math.max(this.context.pacing.waitMs(now), this.#notBeforeMs - now);
    if (wait <= 0) {
      this.#present();
      return;
    }
    if (this.context.pacing.isFast()) this.reason = "typingTooFast";
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#parts.metrics.work(() => this.#present());
    }, wait);
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #present(): void {
    if (this.#accepting || document.hidden || !hasFocus(this.context.field) || !this.#mayRead()) return;
    const rest = this.#restNow();
    if (rest) this.#show(rest);
  }

  #show(rest: string): void {
    const first = !this.#parts.ghost.visible;
    this.#shown = rest;
    if (!this.#draw()) return;
    this.reason = null;
    const isNew = this.#tally.isNew(this.#suggestion);
    if (first) {
      this.#shownAtMs = performance.now();
      this.#watch.start();
      this.#parts.metrics.ghostShown((ms) => isNew && this.#tally.shown(ms));
      this.#parts.announce(rest);
    } else if (isNew) {
      // It took over from one that was typed to its end.
      this.#tally.shown(null);
    }
  }

  #draw(): boolean {
    const { field } = this.context;
    const window = this.#window();
    if (!window) return false;
    const { after } = window;
    const drawn = this.#parts.ghost.show(field, {
      textBefore: textBeforeCaret(field),
      ghost: this.#shown,
      restOfLine: after.slice(0, lineEnd(after)),
    });
    if (!drawn) {
      // Scrolled out of view, or no room at all. It comes back with the next keystroke.
      this.#hide();
      this.reason = "tooWide";
    }
    return drawn;
  }

  #hide(): void {
    this.#clearTimer();
    this.#watch.stop();
    this.#parts.ghost.hide();
    this.#shown = "";
  }

  #forgetRequest(): void {
    if (this.#request) this.#parts.client.cancel(this.#request.id);
    this.#request = undefined;
  }

  #isDismissed(window: CaretWindow): boolean {
    const { dismissed } = this.context;
    return dismissed !== undefined && Boolean(remaining(dismissed, window));
  }

  #mayRead(): boolean {
    const verdict = this.context.verdict();
    if (verdict.allowed) return true;
    this.drop(verdict.reason);
    return false;
  }

  #window(): CaretWindow | undefined {
    const result = readWindow(this.context.field);
    if (result.type === "window") return result.window;
    this.drop(result.type === "tooLong" ? "tooLong" : null);
    return undefined;
  }

  #restNow(): string | undefined {
    if (!this.#suggestion) return undefined;
    const result = readWindow(this.context.field);
    return result.type === "window" ? remaining(this.#suggestion, result.window) : undefined;
  }
}

function lineEnd(after: string): number {
  const end = after.indexOf("\n");
  return end < 0 ? after.length : end;
}
