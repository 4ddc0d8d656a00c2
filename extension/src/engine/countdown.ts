// A timer that is wound up again and again, and does its work only once nobody has for a while.

export class Countdown {
  readonly #ms: number;
  readonly #action: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, action: () => void) {
    this.#ms = ms;
    this.#action = action;
  }

  /** Starts, or starts again from the beginning. */
  start(): void {
    this.stop();
    this.#timer = setTimeout(this.#action, this.#ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
