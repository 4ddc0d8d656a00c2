// The phrases that the user wrote, on which sites, and how often; and what of them completes what is being typed. Pure: no
// clock, no store, no browser. **Nothing is suggested that was not written at least twice**, nor anything but what most of
// the matching sentences go on with.

import { newOnes, sentencesOf } from "./sentences";

/** Days that a phrase is kept after it was written last; as the host keeps texts. */
export const MAX_DAYS = 180;

/** All phrases together, in UTF-16 code units. */
export const MAX_BOOK_UTF16 = 200_000;

/** More than a person names by hand. */
const MAX_SITES = 1_000;

/** Shortest part that is compared, in UTF-16 code units, from a word's start to the caret. */
export const MIN_PREFIX_UTF16 = 4;

/** In the middle of a sentence so many whole words must agree; at the start of one, where both begin, a part of a word will do. */
const MIN_WORDS_INSIDE = 2;

/** Longest part that is compared: so many words, and so many code units. */
const MAX_PREFIX_WORDS = 6;
const MAX_PREFIX_UTF16 = 120;

/** How often something must have been written. */
const MIN_TIMES = 2;

/** Of what matches, the least share that must go on with the same word. */
const MIN_SHARE = 0.6;

/** Most words of a completion. The rules may show fewer. */
const MAX_WORDS = 12;

/** A phrase, as it is kept. */
export interface Phrase {
  /** Known by this from outside. */
  number: number;
  text: string;
  site: string;
  /** How often it was written. */
  times: number;
  /** The last day on which it was, counted from 1970. */
  day: number;
}

/** Everything that is kept, sealed. */
export interface BookState {
  format: 1;
  sites: string[];
  phrases: Phrase[];
}

export class PhraseBook {
  #sites: Set<string>;
  /** By site and text. */
  readonly #phrases = new Map<string, Phrase>();
  #nextNumber = 1;
  /** Where sentences go on behind a word's start, by the first characters there; made again after each change. */
  #index: Map<string, { phrase: Phrase; at: number }[]> | undefined;

  constructor(state: BookState = { format: 1, sites: [], phrases: [] }) {
    this.#sites = new Set(state.sites);
    for (const phrase of state.phrases) {
      this.#phrases.set(keyOf(phrase.site, phrase.text), { ...phrase });
      this.#nextNumber = Math.max(this.#nextNumber, phrase.number + 1);
    }
  }

  get state(): BookState {
    return { format: 1, sites: this.sites, phrases: [...this.#phrases.values()] };
  }

  get sites(): string[] {
    return [...this.#sites];
  }

  get count(): number {
    return this.#phrases.size;
  }

  get utf16(): number {
    let sum = 0;
    for (const { text } of this.#phrases.values()) sum += text.length;
    return sum;
  }

  isNamed(site: string): boolean {
    return this.#sites.has(site);
  }

  /** Names a site, or takes it back; what was written there stays. */
  setSite(site: string, isNamed: boolean): void {
    if (!isNamed) this.#sites.delete(site);
    else if (this.#sites.size < MAX_SITES) this.#sites.add(site);
  }

  /** Learns what is new in a field's text. `told`: what was learned of that field before; gives what was learned by now. */
  learn(site: string, text: string, told: readonly string[], day: number): string[] {
    const now = sentencesOf(text);
    for (const sentence of newOnes(told, now)) {
      const known = this.#phrases.get(keyOf(site, sentence));
      if (known) {
        known.times += 1;
        known.day = day;
      } else {
        const phrase = { number: this.#nextNumber++, text: sentence, site, times: 1, day };
        this.#phrases.set(keyOf(site, sentence), phrase);
      }
    }
    this.trim(day);
    this.#index = undefined;
    return now;
  }

  /** Erases what is too old, and then the oldest and rarest, until the rest has room; how many. */
  trim(day: number): number {
    const before = this.#phrases.size;
    for (const [key, phrase] of this.#phrases) if (day - phrase.day > MAX_DAYS) this.#phrases.delete(key);
    let over = this.utf16 - MAX_BOOK_UTF16;
    if (over > 0) {
      const sorted = [...this.#phrases].sort(
        ([, a], [, b]) => a.day - b.day || a.times - b.times || a.number - b.number,
      );
      for (const [key, { text }] of sorted) {
        if (over <= 0) break;
        this.#phrases.delete(key);
        over -= text.length;
      }
    }
    if (before !== this.#phrases.size) this.#index = undefined;
    return before - this.#phrases.size;
  }

  /** Those that hold `query`, in any case, or are of a site that does; the newest first. */
  search(query: string): Phrase[] {
    const wanted = query.toLowerCase();
    const holds = ({ text, site }: Phrase) =>
      text.toLowerCase().includes(wanted) || site.toLowerCase().includes(wanted);
    return [...this.#phrases.values()].filter(holds).sort((a, b) => b.day - a.day || b.number - a.number);
  }

  /** Whether there was one of that number. */
  erase(number: number): boolean {
    for (const [key, phrase] of this.#phrases) {
      if (phrase.number !== number) continue;
      this.#index = undefined;
      return this.#phrases.delete(key);
    }
    return false;
  }

  /** What the user's own phrases go on with behind `before`; undefined for nothing. Phrases of all sites count together. */
  completion(before: string): string | undefined {
    for (const prefix of prefixesOf(before)) {
      const rests = this.#restsOf(prefix);
      const found = commonStart(rests);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #restsOf({ text: prefix, isInside }: Prefix): Rest[] {
    this.#index ??= indexOf(this.#phrases.values());
    const rests: Rest[] = [];
    for (const { phrase, at } of this.#index.get(prefix.slice(0, MIN_PREFIX_UTF16)) ?? []) {
      if ((isInside || at === 0) && phrase.text.startsWith(prefix, at)) {
        rests.push({ text: phrase.text.slice(at + prefix.length), times: phrase.times });
      }
    }
    return rests;
  }
}

interface Prefix {
  text: string;
  /** Enough words to be looked for in the middle of sentences. */
  isInside: boolean;
}

interface Rest {
  text: string;
  times: number;
}

/** The words before the caret that are compared, from more to fewer; each begins at a word's start. */
function prefixesOf(before: string): Prefix[] {
  const end = before.slice(-MAX_PREFIX_UTF16);
  const line = end.slice(end.lastIndexOf("\n") + 1);
  // What is cut off at the front may be half a word.
  const isCut = line.length < before.length && !end.includes("\n");
  const tail = line.replace(/[\u00a0\s]+/g, " ");
  const prefixes: Prefix[] = [];
  for (const at of wordStarts(tail)) {
    if (at === 0 && isCut) continue;
    const text = tail.slice(at);
    const isInside = text.split(" ").length > MIN_WORDS_INSIDE;
    const isStart = at === 0 || /[.!?…] $/.test(tail.slice(0, at));
    if (text.length >= MIN_PREFIX_UTF16 && (isInside || isStart)) prefixes.push({ text, isInside });
  }
  return prefixes.slice(-MAX_PREFIX_WORDS);
}

function wordStarts(text: string): number[] {
  return [...text.matchAll(/(?<=^|\s)\S/g)].map(({ index }) => index);
}

function indexOf(phrases: Iterable<Phrase>): Map<string, { phrase: Phrase; at: number }[]> {
  const index = new Map<string, { phrase: Phrase; at: number }[]>();
  for (const phrase of phrases) {
    for (const at of wordStarts(phrase.text)) {
      const key = phrase.text.slice(at, at + MIN_PREFIX_UTF16);
      if (key.length < MIN_PREFIX_UTF16) break;
      const places = index.get(key);
      if (places) places.push({ phrase, at });
      else index.set(key, [{ phrase, at }]);
    }
  }
  return index;
}

/** The words that most of the rests begin with, as long as they agree; undefined if they do not. */
function commonStart(rests: Rest[]): string | undefined {
  let start = "";
  let left = rests;
  for (let words = 0; words < MAX_WORDS; words += 1) {
    const groups = new Map<string, number>();
    let all = 0;
    for (const { text, times } of left) {
      all += times;
      const word = /^\s*\S+/.exec(text)?.[0];
      if (word !== undefined) groups.set(word, (groups.get(word) ?? 0) + times);
    }
    const [word, times] = [...groups].reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0]);
    if (times < MIN_TIMES || times < MIN_SHARE * all) break;
    start += word;
    left = left
      .filter(({ text }) => text.startsWith(word))
      .map((rest) => ({ ...rest, text: rest.text.slice(word.length) }));
    // "find" does not agree with "finding".
    left = left.filter(({ text }) => text === "" || /^\s/.test(text));
  }
  return start.trim() === "" ? undefined : start;
}

function keyOf(site: string, text: string): string {
  return `${site}\n${text}`;
}
