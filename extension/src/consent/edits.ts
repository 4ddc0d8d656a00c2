// What the user hides beyond what was found, and lets through of what was. Texts, not places. Pure.

import { MAX_EDITS, type RedactionEdits } from "../shared/protocol";

export class Edits {
  #lifted: string[] = [];
  #added: string[] = [];

  get value(): RedactionEdits {
    return { lifted: [...this.#lifted], added: [...this.#added] };
  }

  get lifted(): readonly string[] {
    return this.#lifted;
  }

  /** Lets a text go out as it is; one that the user hid is only not hidden any more. */
  lift(text: string): void {
    const wasAdded = this.#added.includes(text);
    this.#added = this.#added.filter((other) => other !== text);
    if (!wasAdded && !this.#lifted.includes(text)) this.#lifted.push(text);
  }

  /** Hides a text again that was let through. */
  lower(text: string): void {
    this.#lifted = this.#lifted.filter((other) => other !== text);
  }

  /** Hides a text; false if it is empty, or there are too many. */
  add(raw: string): boolean {
    const text = raw.trim();
    if (text === "" || this.#added.length + this.#lifted.length >= MAX_EDITS) return false;
    this.lower(text);
    if (!this.#added.includes(text)) this.#added.push(text);
    return true;
  }
}
