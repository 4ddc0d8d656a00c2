// What became of each suggestion: that it was shown, and how many of its words were accepted, told once for each. Numbers
// only. They are counted on this device and never sent.

import type { SuggestionNote } from "../shared/messages";
import type { Suggestion } from "./suggestion";

export class Tally {
  readonly #tell: (note: SuggestionNote) => void;
  #suggestion: Suggestion | undefined;
  #words = 0;

  constructor(tell: (note: SuggestionNote) => void) {
    this.#tell = tell;
  }

  /** A suggestion is on screen; true if it was not before. */
  isNew(suggestion: Suggestion | undefined): boolean {
    if (suggestion === undefined || suggestion === this.#suggestion) return false;
    this.end();
    this.#suggestion = suggestion;
    return true;
  }

  /** The new one is drawn. */
  shown(keyToGhostMs: number | null): void {
    this.#tell({ type: "shown", latencyMs: keyToGhostMs === null ? null : Math.round(keyToGhostMs) });
  }

  /** All of the suggestion, or its next words. */
  accepted(text: string): void {
    this.#words += text.split(/\s+/u).filter(Boolean).length;
  }

  /** The suggestion is gone for good. */
  end(): void {
    if (this.#words > 0) this.#tell({ type: "accepted", words: this.#words });
    this.#words = 0;
    this.#suggestion = undefined;
  }
}
