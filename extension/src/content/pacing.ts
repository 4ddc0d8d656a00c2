// When a finished suggestion may appear. Pure: time comes in. The engine computes while this waits, so the pause gates
// what is shown, never what is computed.

/** Pauses after the last keystroke, by how the user took earlier suggestions in this field. */
const PAUSE_EAGER_MS = 15;
const PAUSE_NORMAL_MS = 30;
const PAUSE_IGNORED_MS = 50;
const PAUSE_UNWANTED_MS = 250;

/** Ignored in a row before the pause grows: a field study saw blind rejections fall from 8.3 % to 0.4 % with adaptive timing. */
const IGNORED_SOME = 3;
const IGNORED_MANY = 8;

/** 12 characters a second: faster than that, nobody reads a suggestion between two keys. */
const FAST_INTERVAL_MS = 1000 / 12;

/** The pause that ends a fast run. Just over the interval of such a typist. */
const PAUSE_FAST_MS = 90;

/** Weight of the newest interval in the running mean: the last four or five keys decide. */
const NEWEST_WEIGHT = 0.35;

/** A longer gap is a new run, not slow typing. */
const RUN_GAP_MS = 1_000;

/** A ghost that was visible for less than this was not seen, so it was not ignored either. */
export const SEEN_AFTER_MS = 350;

/** One per field. */
export class Pacing {
  #lastKeyMs = Number.NEGATIVE_INFINITY;
  #meanIntervalMs = Number.POSITIVE_INFINITY;
  #ignored = 0;
  #eager = false;

  /** A character was typed. */
  typed(nowMs: number): void {
    const interval = nowMs - this.#lastKeyMs;
    this.#lastKeyMs = nowMs;
    if (interval > RUN_GAP_MS || interval < 0) this.#meanIntervalMs = Number.POSITIVE_INFINITY;
    else if (this.#meanIntervalMs === Number.POSITIVE_INFINITY) this.#meanIntervalMs = interval;
    else this.#meanIntervalMs += NEWEST_WEIGHT * (interval - this.#meanIntervalMs);
  }

  accepted(): void {
    this.#ignored = 0;
    this.#eager = true;
  }

  /** A suggestion was seen and the user typed something else. */
  ignored(): void {
    this.#ignored += 1;
    this.#eager = false;
  }

  isFast(): boolean {
    return this.#meanIntervalMs < FAST_INTERVAL_MS;
  }

  /** Time until a suggestion may appear, in milliseconds; 0 for now. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#lastKeyMs + this.#pauseMs() - nowMs);
  }

  #pauseMs(): number {
    const pause = this.#learnedPauseMs();
    return this.isFast() ? Math.max(pause, PAUSE_FAST_MS) : pause;
  }

  #learnedPauseMs(): number {
    if (this.#ignored >= IGNORED_MANY) return PAUSE_UNWANTED_MS;
    if (this.#ignored >= IGNORED_SOME) return PAUSE_IGNORED_MS;
    return this.#eager ? PAUSE_EAGER_MS : PAUSE_NORMAL_MS;
  }
}
