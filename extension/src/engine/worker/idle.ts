// One thing at a time on the model, and background work only while nobody is typing.

/** Without a request for this long, the user has paused. */
const QUIET_MS = 1_500;

export class Idle {
  #tail: Promise<unknown> = Promise.resolve();
  #lastUseMs = Number.NEGATIVE_INFINITY;

  /** A request of the user. */
  use<T>(work: () => Promise<T>): Promise<T> {
    this.#lastUseMs = performance.now();
    return this.#enqueue(work).finally(() => {
      this.#lastUseMs = performance.now();
    });
  }

  /** Background work: waits for a pause, then goes in line like a request. */
  async whenQuiet<T>(work: () => Promise<T>): Promise<T> {
    await this.quiet();
    return this.#enqueue(work);
  }

  /** Resolves when the user has paused. */
  async quiet(): Promise<void> {
    for (;;) {
      const wait = this.#lastUseMs + QUIET_MS - performance.now();
      if (wait <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  /** Runs when what is in line now is done. */
  afterUse(work: () => void): Promise<void> {
    return this.#tail.then(work, work);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(work, work);
    this.#tail = run.catch(() => undefined);
    return run;
  }
}
