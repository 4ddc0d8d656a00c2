// What the user wrote in a field, told once when they leave it. **Only on a page that the engine named as one whose texts are
// kept, and only for fields that the user typed into**; a keystroke costs one flag, and the text is read at the end, or
// not at all. Knows no field and no browser API: what may be read, and how, the caller knows.

import { MAX_KEPT_UTF16, MIN_KEPT_UTF16 } from "../shared/protocol";
import { cutFront } from "./utf16";

/** Changes that are not writing: what was taken from elsewhere, and what was only taken away. */
const NOT_WRITTEN = /^(delete|history|format)|^insertFrom(Paste|Drop|Yank)|^insert(Link|ReplacementText)/;

/** Whole words are looked for no further than this from the cut. */
const MAX_WORD_UTF16 = 100;

export class KeptWriting {
  readonly #send: (text: string, field: number) => void;
  #keeps = false;
  /** Fields that the user typed into since they got the focus, or since their text was told last. */
  readonly #written = new WeakSet<object>();
  readonly #told = new WeakMap<object, string>();
  /** Fields whose text was told have a number. */
  readonly #numbers = new WeakMap<object, number>();
  #nextNumber = 1;

  constructor(send: (text: string, field: number) => void) {
    this.#send = send;
  }

  /** The engine says whether texts of this page are kept. */
  setKeeps(keeps: boolean): void {
    this.#keeps = keeps;
  }

  /** The user's own hand changed the field. */
  typed(field: object, inputType: string): void {
    if (!NOT_WRITTEN.test(inputType)) this.#written.add(field);
  }

  /** The user left the field. `read` gives its text, or nothing if it may not be read; it is called only if it matters. */
  left(field: object, read: () => string | undefined): void {
    if (!this.#written.delete(field) || !this.#keeps) return;
    const text = keptPart(read() ?? "");
    if (text === undefined || this.#told.get(field) === text) return;
    this.#told.set(field, text);
    const number = this.#numbers.get(field) ?? this.#nextNumber++;
    this.#numbers.set(field, number);
    this.#send(text, number);
  }
}

/** What of a text is worth keeping: its end, from a word on; nothing if it is too short. */
export function keptPart(whole: string): string | undefined {
  const text = whole.trim();
  if (text.length < MIN_KEPT_UTF16) return undefined;
  if (text.length <= MAX_KEPT_UTF16) return text.toWellFormed();
  const cut = cutFront(text, MAX_KEPT_UTF16);
  // At a word's start already, or from the next one on.
  if (/\s/.test(text[text.length - cut.length - 1] ?? "")) return cut.trimStart();
  const space = cut.slice(0, MAX_WORD_UTF16).search(/\s/);
  return space < 0 ? cut : cut.slice(space).trimStart();
}
