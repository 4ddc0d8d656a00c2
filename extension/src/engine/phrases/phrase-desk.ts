// The user's phrases in this browser: which ports' texts they are learned from, and which suggestions they answer. **Only
// while the user switched it on, on sites that they named, and not while the host's personalisation is on**: one place has
// what is personal, not two. What cannot be read or kept is a sentence for the options page; suggestions go on from the model.

import { toWireError } from "../../shared/errors";
import type { PhrasesReply, PhraseTask } from "../../shared/messages";
import { type AutocompleteEvent, MAX_KEPT_UTF16, type PhraseInput, type SuggestOutcome } from "../../shared/protocol";
import type { Writer } from "../personal/personal-desk";
import type { SuggestRequest } from "../request-queue";
import { MAX_BOOK_UTF16, MAX_DAYS, PhraseBook } from "./phrase-book";
import type { PhraseStore } from "./phrase-store";

export interface PhraseParts {
  store: Pick<PhraseStore, "read" | "write" | "erase">;
  /** Whether the user switched it on, and nothing better is there. */
  isWanted(): Promise<boolean>;
  /** The rules of suggestions, once they are loaded. */
  rules(): Promise<(input: PhraseInput) => SuggestOutcome>;
  nowMs(): number;
  /** Days since 1970. */
  today(): number;
}

/** Fields of one page whose sentences are remembered, so that the same ones are not learned twice. */
const MAX_FIELDS = 50;

/** Phrases in one answer to the options page. */
const MAX_FOUND = 50;

interface Entry extends Writer {
  keeps: boolean;
  /** What was learned of each field. */
  told: Map<number, string[]>;
}

export class PhraseDesk<P> {
  readonly #parts: PhraseParts;
  readonly #writers = new Map<P, Entry>();
  #isOn = false;
  #trouble = "";
  #opening: Promise<PhraseBook> | undefined;
  #book: PhraseBook | undefined;
  #judge: ((input: PhraseInput) => SuggestOutcome) | undefined;
  /** Writings, one after the other. */
  #writing: Promise<void> = Promise.resolve();
  #epoch = 0;

  constructor(parts: PhraseParts) {
    this.#parts = parts;
  }

  add(port: P, writer: Writer): void {
    this.#writers.set(port, { ...writer, keeps: false, told: new Map() });
    this.#follow();
  }

  remove(port: P): void {
    this.#writers.delete(port);
  }

  /** The settings may have changed. */
  async refresh(): Promise<void> {
    this.#epoch += 1;
    const epoch = this.#epoch;
    const isWanted = await this.#parts.isWanted().catch(() => false);
    if (epoch !== this.#epoch) return;
    this.#isOn = isWanted;
    if (isWanted) {
      await this.#open().catch(() => undefined);
      if (epoch !== this.#epoch) return;
    }
    this.#follow();
  }

  /** A port says that the user wrote something into one of its fields. */
  wrote(port: P, text: string, field: number): void {
    const writer = this.#writers.get(port);
    const book = this.#book;
    if (!writer?.site || !book || !this.#mayLearn(writer) || text.length > MAX_KEPT_UTF16) return;
    const told = writer.told.get(field) ?? [];
    writer.told.delete(field);
    writer.told.set(field, book.learn(writer.site, text, told, this.#parts.today()));
    const [oldest] = writer.told.keys();
    if (writer.told.size > MAX_FIELDS && oldest !== undefined) writer.told.delete(oldest);
    void this.#keep(book).catch(() => undefined);
  }

  /** The user's own phrase as an answer; undefined where there is none, so that the model is asked. */
  answer(port: P, { id, before, after, field }: SuggestRequest): AutocompleteEvent | undefined {
    const writer = this.#writers.get(port);
    if (!writer || !this.#book || !this.#judge || !this.#mayUse(writer)) return undefined;
    const startMs = this.#parts.nowMs();
    const rest = this.#book.completion(before);
    if (rest === undefined) return undefined;
    let outcome: SuggestOutcome;
    try {
      outcome = this.#judge({ before, after, field, rest });
    } catch {
      return undefined;
    }
    if (outcome.type !== "show") return undefined;
    const totalMs = this.#parts.nowMs() - startMs;
    const timing = { totalMs, prefillTokens: 0, reusedTokens: 0, decodeSteps: 0 };
    return { type: "done", id, outcome, timing, source: "phrases" };
  }

  /** What the options page and the popup ask. Throws `SottoError`. */
  async do(task: PhraseTask): Promise<PhrasesReply> {
    if (task.type === "eraseAll") {
      await this.#erase();
      return this.#reply();
    }
    // What is there can be read and erased also while it is off.
    const book = await this.#open();
    switch (task.type) {
      case "status":
        break;
      case "setSite":
        book.setSite(task.site, task.isNamed);
        await this.#keep(book);
        this.#follow();
        break;
      case "search": {
        const all = book.search(task.query);
        const from = task.after === null ? 0 : all.findIndex(({ number }) => number === task.after) + 1;
        const found = all.slice(from, from + MAX_FOUND);
        return { ...this.#reply(), found, hasMore: from + found.length < all.length };
      }
      case "erase":
        if (book.erase(task.number)) await this.#keep(book);
        break;
    }
    return this.#reply();
  }

  /** Everything is being deleted. */
  async forget(): Promise<void> {
    this.#isOn = false;
    await this.#erase();
  }

  async #erase(): Promise<void> {
    this.#book = undefined;
    this.#opening = undefined;
    this.#trouble = "";
    for (const writer of this.#writers.values()) writer.told.clear();
    await this.#inLine(() => this.#parts.store.erase());
    if (this.#isOn) await this.#open().catch(() => undefined);
    this.#follow();
  }

  #open(): Promise<PhraseBook> {
    this.#opening ??= this.#read();
    return this.#opening;
  }

  async #read(): Promise<PhraseBook> {
    try {
      const [state, judge] = await Promise.all([this.#inLine(() => this.#parts.store.read()), this.#parts.rules()]);
      const book = new PhraseBook(state);
      this.#trouble = "";
      this.#judge = judge;
      this.#book = book;
      if (book.trim(this.#parts.today()) > 0) await this.#keep(book);
      return book;
    } catch (error) {
      this.#opening = undefined;
      this.#trouble = toWireError(error, "Your phrases cannot be read.").message;
      throw error;
    }
  }

  async #keep(book: PhraseBook): Promise<void> {
    try {
      // As it is when its turn comes: erased phrases are not written again by an earlier word.
      await this.#inLine(async () => {
        if (book === this.#book) await this.#parts.store.write(book.state, this.#parts.today());
      });
      this.#trouble = "";
    } catch (error) {
      this.#trouble = toWireError(error, "Your phrases could not be kept.").message;
      throw error;
    }
  }

  #inLine<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work);
    this.#writing = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  #reply(): PhrasesReply {
    const book = this.#book;
    return {
      isOn: this.#isOn,
      trouble: this.#trouble,
      sites: book?.sites ?? [],
      count: book?.count ?? 0,
      kib: Math.ceil((book?.utf16 ?? 0) / 1024),
      maxKib: Math.floor(MAX_BOOK_UTF16 / 1024),
      maxDays: MAX_DAYS,
      found: [],
      hasMore: false,
    };
  }

  #follow(): void {
    for (const writer of this.#writers.values()) {
      const keeps = this.#mayLearn(writer);
      if (keeps === writer.keeps) continue;
      writer.keeps = keeps;
      writer.tell(keeps);
    }
  }

  #mayUse({ site }: Writer): boolean {
    return this.#isOn && site !== null && this.#book?.isNamed(site) === true;
  }

  #mayLearn(writer: Writer): boolean {
    return !writer.isPrivate && this.#mayUse(writer);
  }
}
