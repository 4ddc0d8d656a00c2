// Text changes of editors that cancel `beforeinput` and draw the text themselves: the browser then fires no `input`.
// After such a cancelled event the text is looked at again, at once and for a few frames, because editors draw late.

/** React and its like draw within one or two frames. */
const FRAMES = 3;

export class EditorChanges {
  readonly #look: (inputType: string, atMs: number) => void;
  #waiting: { inputType: string; atMs: number } | undefined;
  #frames = 0;

  constructor(look: (inputType: string, atMs: number) => void) {
    this.#look = look;
  }

  /** A trusted `beforeinput` is on its way to the page. */
  before(event: InputEvent): void {
    const change = { inputType: event.inputType, atMs: event.timeStamp };
    this.#waiting = change;
    // After the page's own handlers, whatever phase they are in.
    setTimeout(() => {
      if (this.#waiting !== change || !event.defaultPrevented) return;
      this.#frames = FRAMES;
      this.#lookAgain(change);
    }, 0);
  }

  /** An `input` event came: the browser did the edit, and there is nothing to look for. */
  done(): void {
    this.#waiting = undefined;
  }

  #lookAgain(change: { inputType: string; atMs: number }): void {
    if (this.#waiting !== change) return;
    this.#look(change.inputType, change.atMs);
    this.#frames -= 1;
    if (this.#frames > 0) requestAnimationFrame(() => this.#lookAgain(change));
  }
}
