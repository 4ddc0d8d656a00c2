// A suggestion tied to the exact text that it was made for. Pure. Typing its next characters consumes it, backspace gives
// them back, any other change makes it stale: nothing stale is ever drawn or inserted.

import { MAX_BEFORE_UTF16 } from "../shared/protocol";
import type { CaretWindow } from "./text-window";
import { advance, fold } from "./type-through";

/** A window this long was cut at its front; the cut may have dropped half a character. */
const FULL = MAX_BEFORE_UTF16 - 1;

/** `text` continues `before`, where `after` follows. */
export interface Suggestion {
  readonly before: string;
  readonly after: string;
  readonly text: string;
}

/**
 * What is left of the suggestion in this window: the rest after the characters that were typed (or accepted) since, or
 * undefined if the window is not one that the suggestion leads to. The rest is "" when all of it is there.
 */
export function remaining(suggestion: Suggestion, window: CaretWindow): string | undefined {
  if (window.after !== suggestion.after) return undefined;
  const { before, text } = suggestion;
  if (window.before.startsWith(before)) return advance(text, window.before.slice(before.length));
  if (window.before.length < FULL || before.length + text.length < FULL) return undefined;
  // The window is full and slid along: only what both hold can be compared.
  for (let typed = 0; typed <= text.length; typed += 1) {
    const expected = before + text.slice(0, typed);
    if (fold(window.before.slice(-FULL)) === fold(expected.slice(-FULL))) return advance(text, text.slice(0, typed));
  }
  return undefined;
}

/** The first word of a rest with the space before it; trailing punctuation is a word of its own. */
export function firstWord(rest: string, locale?: string): string {
  let word = "";
  for (const { segment } of new Intl.Segmenter(locale, { granularity: "word" }).segment(rest)) {
    word += segment;
    if (segment.trim() !== "") return word;
  }
  return word;
}

/** Whether so little is left that the next suggestion should be fetched already. */
export function isLastWord(rest: string): boolean {
  return !/\S\s+\S/.test(rest);
}
