// The payload with what was changed in it marked. **The text of the marked payload is the payload, byte for byte**: it is
// what the sum of the answer is made from. Pure.

export interface Part {
  text: string;
  mark: "replaced" | "lifted" | null;
}

/** The payload in parts. `lifted` are texts as the user knows them; in JSON they may be written with escapes. */
export function markedParts(payload: string, placeholders: readonly string[], lifted: readonly string[]): Part[] {
  const marks = new Map<string, "replaced" | "lifted">();
  for (const text of lifted) marks.set(JSON.stringify(text).slice(1, -1), "lifted");
  for (const text of placeholders) marks.set(text, "replaced");
  marks.delete("");
  if (marks.size === 0) return [{ text: payload, mark: null }];
  // Longer ones first: [PERSON_1] is not the beginning of [PERSON_10], but a name may be that of another.
  const words = [...marks.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(words.map(escaped).join("|"), "gu");
  const parts: Part[] = [];
  let from = 0;
  for (const { 0: text, index } of payload.matchAll(pattern)) {
    if (index > from) parts.push({ text: payload.slice(from, index), mark: null });
    parts.push({ text, mark: marks.get(text) ?? null });
    from = index + text.length;
  }
  if (from < payload.length) parts.push({ text: payload.slice(from), mark: null });
  return parts;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
