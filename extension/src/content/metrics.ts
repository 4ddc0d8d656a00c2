// The last few timings of this frame, for the benchmark and the tests. Numbers only; nothing leaves the page.

const CAPACITY = 512;

export class Ring {
  readonly #values: number[] = [];

  push(value: number): void {
    this.#values.push(value);
    if (this.#values.length > CAPACITY) this.#values.shift();
  }

  toArray(): number[] {
    return [...this.#values];
  }
}

export class Metrics {
  readonly keyToGhostMs = new Ring();
  readonly mainThreadMs = new Ring();
  #keyAtMs = 0;
  #workMs = 0;

  /** A key went down; the work until the next one belongs to it. */
  key(atMs: number): void {
    this.flush();
    this.#keyAtMs = atMs;
  }

  /** Runs a handler and counts its time. */
  work<T>(handler: () => T): T {
    const start = performance.now();
    try {
      return handler();
    } finally {
      this.#workMs += performance.now() - start;
    }
  }

  /**
   * The ghost is in the document; the time is taken when the frame that shows it is on its way. `timed` gets it, and null at
   * once where no key called for this ghost.
   */
  ghostShown(timed: (keyToGhostMs: number | null) => void): void {
    const keyAtMs = this.#keyAtMs;
    if (keyAtMs === 0) {
      timed(null);
      return;
    }
    this.#keyAtMs = 0;
    requestAnimationFrame(() => {
      // After this frame's own callbacks, layout and paint.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        const keyToGhostMs = performance.now() - keyAtMs;
        this.keyToGhostMs.push(keyToGhostMs);
        timed(keyToGhostMs);
        port1.close();
      };
      port2.postMessage(null);
    });
  }

  flush(): void {
    if (this.#workMs > 0) this.mainThreadMs.push(this.#workMs);
    this.#workMs = 0;
  }
}
