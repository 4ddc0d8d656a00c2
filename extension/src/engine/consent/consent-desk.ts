// Questions for the user, one at a time, and the sheet that shows them. **Without a sheet the answer is no**: one that is
// closed, does not open, or lets the time pass has declined everything that was asked. Knows no browser API.

import type { SheetEvent, SheetMessage } from "../../shared/consent-messages";
import { wireError } from "../../shared/errors";
import type { ConsentAnswer, ConsentRequest, WireError } from "../../shared/protocol";
import { record } from "../../shared/unread";

/** The sheet's end, as the browser gives it. */
export interface SheetPort {
  post(event: SheetEvent): void;
}

export interface DeskParts {
  /** Opens the sheet's window, or brings it to the front. */
  open(): Promise<unknown>;
  /** Opens the endpoint's key; resolves with the error, if there is one. */
  unlock(passphrase: string): Promise<WireError | null>;
}

interface Open {
  question: ConsentRequest;
  answer(answer: ConsentAnswer): void;
  timer: ReturnType<typeof setTimeout>;
}

/** A window of the browser is there within a second or two. */
const OPEN_MS = 20_000;

export class ConsentDesk {
  readonly #parts: DeskParts;
  #open: Open[] = [];
  #sheet: SheetPort | undefined;
  #opening: ReturnType<typeof setTimeout> | undefined;
  /** What the user changed: its payload is being made anew. */
  #revised: Open | undefined;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** Puts a question; the function that comes back takes it off the screen, unanswered. */
  ask(question: ConsentRequest, answer: (answer: ConsentAnswer) => void): () => void {
    const open: Open = {
      question,
      answer,
      timer: setTimeout(() => this.#end(open, true), question.expiresInS * 1_000),
    };
    const isFirst = this.#open.length === 0;
    // A payload that was made anew comes before what waits in line: somebody is looking at it.
    if (this.#revised) this.#open.unshift(open);
    else this.#open.push(open);
    if (this.#revised || isFirst) this.#show();
    this.#revised = undefined;
    return () => this.#end(open, false);
  }

  /** The sheet is there. Only one can be. */
  connected(sheet: SheetPort): void {
    clearTimeout(this.#opening);
    this.#opening = undefined;
    this.#sheet?.post({ type: "none" });
    this.#sheet = sheet;
    this.#show();
  }

  /** The sheet is gone, and with it every question. */
  disconnected(sheet: SheetPort): void {
    if (this.#sheet !== sheet) return;
    this.#sheet = undefined;
    this.#declineAll();
  }

  receive(sheet: SheetPort, raw: unknown): void {
    if (this.#sheet !== sheet) return;
    const message = raw as SheetMessage;
    if (message?.type === "unlock" && typeof message.passphrase === "string") {
      void this.#unlock(message.passphrase);
    } else if (message?.type === "answer") {
      this.#answered(message.answer);
    }
  }

  #answered(answer: ConsentAnswer): void {
    const [first] = this.#open;
    // An answer to what is not on the screen any more.
    if (!first || record(answer).nonce !== first.question.nonce) return;
    this.#remove(first);
    this.#revised = answer.choice.type === "revise" ? first : undefined;
    if (this.#revised) this.#sheet?.post({ type: "wait" });
    else this.#show();
    first.answer(answer);
  }

  async #unlock(passphrase: string): Promise<void> {
    const error = await this.#parts
      .unlock(passphrase)
      .catch(() => wireError("internal", "The key could not be opened."));
    const [first] = this.#open;
    if (first && !error) first.question = { ...first.question, key: "ready" };
    this.#sheet?.post({ type: "unlocked", error });
  }

  #show(): void {
    const [first] = this.#open;
    if (this.#sheet) {
      this.#sheet.post(first ? { type: "question", request: first.question } : { type: "none" });
      // A question may come while the sheet is behind other windows.
      if (first) void this.#parts.open().catch(() => undefined);
    } else if (first && this.#opening === undefined) {
      this.#opening = setTimeout(() => this.#notOpened(), OPEN_MS);
      this.#parts.open().catch(() => this.#notOpened());
    }
  }

  #notOpened(): void {
    clearTimeout(this.#opening);
    this.#opening = undefined;
    if (!this.#sheet) this.#declineAll();
  }

  #declineAll(): void {
    this.#revised = undefined;
    for (const open of [...this.#open]) this.#end(open, true);
  }

  #end(open: Open, decline: boolean): void {
    const wasFirst = this.#open[0] === open || this.#revised === open;
    if (this.#revised === open) this.#revised = undefined;
    else if (!this.#remove(open)) return;
    const { nonce, payloadSha256 } = open.question;
    if (decline) open.answer({ nonce, payloadSha256, choice: { type: "no" } });
    if (wasFirst) this.#show();
  }

  #remove(open: Open): boolean {
    clearTimeout(open.timer);
    const index = this.#open.indexOf(open);
    if (index >= 0) this.#open.splice(index, 1);
    return index >= 0;
  }
}
