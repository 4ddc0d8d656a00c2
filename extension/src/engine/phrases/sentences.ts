// What of a text is kept as the user's phrases: its sentences, one by one, without those that look like somebody's data. Pure.

/** Shortest and longest sentence that is kept, in UTF-16 code units: a greeting with a name, and more than is ever shown. */
const MIN_UTF16 = 12;
const MAX_UTF16 = 300;

/** Fewest words: fewer are no phrase. */
const MIN_WORDS = 3;

/** Longest word, in UTF-16 code units; longer ones are addresses and keys. */
const MAX_WORD_UTF16 = 30;

/** Of one text: its end, as it was told. */
const MAX_SENTENCES = 200;

/** Addresses, links, handles, and numbers of five digits and more, in groups, too. */
const DATA = /[@#]|:\/\/|www\.|\d(?:[\s().\-/]{0,2}\d){4}/;

/** The sentences of a text that may be kept, in order; spaces are single ones. */
export function sentencesOf(text: string): string[] {
  return text
    .split(/\r?\n|(?<=[.!?…])\s+/)
    .map((sentence) => sentence.replace(/\s+/g, " ").trim())
    .filter(isPhrase)
    .slice(-MAX_SENTENCES);
}

function isPhrase(sentence: string): boolean {
  if (sentence.length < MIN_UTF16 || sentence.length > MAX_UTF16 || DATA.test(sentence)) return false;
  const words = sentence.split(" ");
  return words.length >= MIN_WORDS && words.every((word) => word.length <= MAX_WORD_UTF16);
}

/** Of the sentences of a field, those that are more than when it was told last: one that stands there twice counts twice. */
export function newOnes(before: readonly string[], now: readonly string[]): string[] {
  const told = new Map<string, number>();
  for (const sentence of before) told.set(sentence, (told.get(sentence) ?? 0) + 1);
  return now.filter((sentence) => {
    const left = told.get(sentence) ?? 0;
    told.set(sentence, left - 1);
    return left <= 0;
  });
}
