// Keeps a visible ghost where its caret is. Pages move fields without an event (animation, late images, their own layout),
// so the place is compared a few times a second, and each frame while something moves.

import { caretRange } from "./editable-window";
import type { EditableField } from "./fields";

export interface GhostWatchEvents {
  /** The field or its text moved. */
  moved(): void;
  /** The field is not in the document any more, or the page is hidden. */
  gone(): void;
  /** Time to compare the text: scripts change it without an event. */
  check(): void;
}

/** Frames that are watched closely after a nudge, and after each move that was seen. */
const CLOSE_FRAMES = 12;

/** How often the place is compared later on. */
const CALM_INTERVAL_MS = 200;

export class GhostWatch {
  readonly #field: EditableField;
  readonly #events: GhostWatchEvents;
  #closeFrames = 0;
  #frame = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #place = "";

  constructor(field: EditableField, events: GhostWatchEvents) {
    this.#field = field;
    this.#events = events;
  }

  start(): void {
    this.stop();
    this.#place = this.#placeNow();
    this.#timer = setInterval(() => {
      this.#events.check();
      this.#compare();
    }, CALM_INTERVAL_MS);
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    clearInterval(this.#timer);
    this.#frame = 0;
    this.#timer = undefined;
  }

  /** Something may be moving: look closely for a while. */
  nudge(): void {
    if (this.#timer === undefined) return;
    this.#closeFrames = CLOSE_FRAMES;
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#tick());
  }

  #tick(): void {
    this.#frame = 0;
    this.#compare();
    this.#closeFrames -= 1;
    if (this.#closeFrames > 0 && this.#timer !== undefined) this.#frame = requestAnimationFrame(() => this.#tick());
  }

  #compare(): void {
    if (this.#timer === undefined) return;
    if (!this.#field.element.isConnected || document.hidden) {
      this.#events.gone();
      return;
    }
    const place = this.#placeNow();
    if (place === this.#place) return;
    this.#place = place;
    this.#events.moved();
    this.nudge();
  }

  #placeNow(): string {
    const { element } = this.#field;
    const box = element.getBoundingClientRect();
    const caret = this.#field.kind === "editable" ? caretRange(element)?.getBoundingClientRect() : undefined;
    return [
      box.left,
      box.top,
      box.width,
      box.height,
      element.scrollLeft,
      element.scrollTop,
      caret?.left ?? 0,
      caret?.top ?? 0,
      innerWidth,
      innerHeight,
    ].join(" ");
  }
}
