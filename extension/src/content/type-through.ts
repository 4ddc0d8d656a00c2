// Typing what is suggested consumes it without asking the model again. Pure; the same rule as core's `type_through.rs`,
// because a key press must not wait for anything. Both are held to tests/fixtures/type-through.json.

/** Made on first use: most frames of a page never need one. */
let graphemes: Intl.Segmenter | undefined;

/**
 * What is left of the suggestion `ghost` after `typed` was typed; undefined if something else was typed, or only a part
 * of what a reader sees as one character. Spaces and quotes that editors exchange count as the same.
 */
export function advance(ghost: string, typed: string): string | undefined {
  if (typed.length > ghost.length) return undefined;
  // All exchanges are between single code units, so positions are the same in both.
  if (fold(ghost.slice(0, typed.length)) !== fold(typed)) return undefined;
  return isBoundary(ghost, typed.length) ? ghost.slice(typed.length) : undefined;
}

/** What editors put in the place of what was typed. */
export function fold(text: string): string {
  return text.replace(/[\u00a0\u2019\u201c\u201d]/g, (unit) =>
    unit === "\u00a0" ? " " : unit === "\u2019" ? "'" : '"',
  );
}

function isBoundary(text: string, at: number): boolean {
  if (at === 0 || at === text.length) return true;
  graphemes ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return graphemes.segment(text).containing(at)?.index === at;
}
