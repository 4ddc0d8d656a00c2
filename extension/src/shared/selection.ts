// What is taken of a page when the user asks for a summary.

export interface TakenSelection {
  /** Empty if nothing is selected. At most `MAX_SUMMARIZE_UTF16` code units. */
  text: string;
  /** The selection lies in a field that holds a secret: it was not read. */
  isSecret: boolean;
  /** The text was longer than that, and only its beginning is here. */
  isCut: boolean;
  /** Where it is, in CSS pixels of the tab's viewport; null where that cannot be known. */
  rect: { left: number; top: number; right: number; bottom: number } | null;
  hasFocus: boolean;
}

declare global {
  /** Set by selection.js, in the extension's own world of a frame. */
  var sottoTakeSelection: (() => TakenSelection) | undefined;
}

/** At most `max` code units of a text, without half a character at the end. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHalf ? max - 1 : max);
}
