// A suggestion tied to the exact text that it was made for. Pure. Typing its next characters consumes it, backspace gives
// them back, any other change makes it stale: nothing stale is ever drawn or inserted.

import { MAX_BEFORE_UTF16 } from "../shared/protocol";
import type { CaretWindow } from "./text-window";

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
  for (let typed = 0; typed <= suggestion.text.length; typed += 1) {
    if (endsTheSame(window.before, suggestion.before + suggestion.text.slice(0, typed))) {
      return suggestion.text.slice(typed);
    }
  }
  return undefined;
}

/** The first word of a rest with the space before it; trailing punctuation is a word of its own. */
export function firstWord(rest: string, segmenter: Intl.Segmenter): string {
  let word = "";
  for (const { segment } of segmenter.segment(rest)) {
    word += segment;
    if (segment.trim() !== "") return word;
  }
  return word;
}

/** Whether so little is left that the next suggestion should be fetched already. */
export function isLastWord(rest: string): boolean {
  return !/\S\s+\S/.test(rest);
}

/**
 * Whether two texts before the caret are the same. A window that slid along is cut at another place at its front, so only
 * what both hold is compared once one of them is full.
 */
function endsTheSame(window: string, expected: string): boolean {
  if (window.length === expected.length) return window === expected;
  const full = MAX_BEFORE_UTF16 - 1;
  if (window.length < full || expected.length < full) return false;
  const common = Math.min(window.length, expected.length, full);
  return window.slice(-common) === expected.slice(-common);
}
