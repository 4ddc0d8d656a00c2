// UTF-16 cuts that leave no half character behind. Pages may hold lone surrogates; the engine only takes well-formed
// text, so they become U+FFFD here.

/** The last `limit` code units, without half a character at the cut. */
export function cutFront(text: string, limit: number): string {
  if (text.length <= limit) return text.toWellFormed();
  let start = text.length - limit;
  if (isLow(text.charCodeAt(start)) && isHigh(text.charCodeAt(start - 1))) start += 1;
  return text.slice(start).toWellFormed();
}

/** The first `limit` code units, without half a character at the cut. */
export function cutBack(text: string, limit: number): string {
  if (text.length <= limit) return text.toWellFormed();
  let end = limit;
  if (isHigh(text.charCodeAt(end - 1)) && isLow(text.charCodeAt(end))) end -= 1;
  return text.slice(0, end).toWellFormed();
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
