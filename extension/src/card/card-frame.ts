// Where the card is: in the top layer near the selection, moved by its handle with pointer or arrow keys, above modal
// dialogs of the page, and gone without a trace when it closes. Keys pressed inside stay inside.

import { isolate, setStyles } from "../content/text-style";
import type { CardOrder } from "../shared/messages";
import styles from "./card.css";
import type { CardView } from "./card-view";
import { placeNear, withinView } from "./place";

/** One step of an arrow key, in CSS pixels; with Shift. */
const STEP_PX = 16;
const BIG_STEP_PX = 80;

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** What would reach the page's own handlers from inside the card. */
const KEPT_INSIDE = [
  "keydown",
  "keypress",
  "keyup",
  "click",
  "dblclick",
  "mousedown",
  "mouseup",
  "pointerdown",
  "pointerup",
  "wheel",
  "copy",
  "contextmenu",
];

export class CardFrame {
  readonly #host = document.createElement("sotto-card");
  readonly #dialog: HTMLDialogElement;
  readonly #onClose: () => void;
  readonly #focusedBefore = document.activeElement;
  readonly #listeners = new AbortController();
  /** The card grows with its text. */
  readonly #growth = new ResizeObserver(() => this.#moveTo(this.#left, this.#top));
  #left = 0;
  #top = 0;

  constructor(view: CardView, near: CardOrder["rect"], onClose: () => void) {
    this.#dialog = view.dialog;
    this.#onClose = onClose;
    isolate(this.#host);
    setStyles(this.#host, {
      position: "fixed",
      inset: "0",
      "z-index": "2147483647",
      display: "block",
      overflow: "visible",
    });
    setStyles(this.#host, {
      width: "auto",
      height: "auto",
      margin: "0",
      padding: "0",
      border: "0",
      background: "none",
    });
    this.#host.setAttribute("popover", "manual");
    const shadow = this.#host.attachShadow({ mode: "closed" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(this.#dialog);
    for (const type of KEPT_INSIDE) shadow.addEventListener(type, (event) => event.stopPropagation());
    this.#open(near);
    this.#listen(view.handle);
  }

  remove(): void {
    this.#listeners.abort();
    this.#growth.disconnect();
    const hadFocus = document.activeElement === this.#host;
    this.#host.remove();
    if (hadFocus && this.#focusedBefore instanceof HTMLElement) this.#focusedBefore.focus({ preventScroll: true });
  }

  #open(near: CardOrder["rect"]): void {
    // Outside a modal dialog of the page everything is inert, unless it is a modal dialog itself.
    const isModalPage = document.querySelector("dialog:modal") !== null;
    document.documentElement.append(this.#host);
    try {
      this.#host.showPopover();
    } catch {
      // Not in the top layer, then; the z-index has to do.
    }
    if (isModalPage) this.#dialog.showModal();
    else this.#dialog.show();
    this.#dialog.focus({ preventScroll: true });
    const { width, height } = this.#dialog.getBoundingClientRect();
    const place = placeNear(near, { width, height }, viewport());
    this.#moveTo(place.left, place.top);
    this.#growth.observe(this.#dialog);
  }

  #listen(handle: HTMLElement): void {
    const { signal } = this.#listeners;
    // Before any handler of the page: Escape in the card is the card's.
    window.addEventListener("keydown", (event) => this.#keyAnywhere(event), { capture: true, signal });
    window.addEventListener("keydown", (event) => this.#keyOnPage(event), { signal });
    window.addEventListener("resize", () => this.#moveTo(this.#left, this.#top), { signal });
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#onClose();
    });
    handle.addEventListener("keydown", (event) => this.#keyOnHandle(event));
    const header = handle.parentElement ?? handle;
    header.addEventListener("pointerdown", (event) => this.#drag(event, header));
  }

  #keyAnywhere(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.isComposing || document.activeElement !== this.#host) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#onClose();
  }

  /** On the page Escape has its own meaning first. */
  #keyOnPage(event: KeyboardEvent): void {
    if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented) this.#onClose();
  }

  #keyOnHandle(event: KeyboardEvent): void {
    const direction = ARROWS[event.key];
    if (!direction) return;
    event.preventDefault();
    const step = event.shiftKey ? BIG_STEP_PX : STEP_PX;
    this.#moveTo(this.#left + direction[0] * step, this.#top + direction[1] * step);
  }

  #drag(start: PointerEvent, header: HTMLElement): void {
    const onControl = start.composedPath().some((node) => node instanceof Element && node.matches("select, .close"));
    if (start.button !== 0 || onControl) return;
    const dx = start.clientX - this.#left;
    const dy = start.clientY - this.#top;
    header.setPointerCapture(start.pointerId);
    const drag = new AbortController();
    const { signal } = drag;
    header.addEventListener("pointermove", (move) => this.#moveTo(move.clientX - dx, move.clientY - dy), { signal });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      header.addEventListener(end, () => drag.abort(), { signal });
    }
  }

  #moveTo(left: number, top: number): void {
    const { width, height } = this.#dialog.getBoundingClientRect();
    const place = withinView({ left, top }, { width, height }, viewport());
    this.#left = place.left;
    this.#top = place.top;
    this.#dialog.style.left = `${place.left}px`;
    this.#dialog.style.top = `${place.top}px`;
  }
}

function viewport(): { width: number; height: number } {
  return { width: document.documentElement.clientWidth || window.innerWidth, height: window.innerHeight };
}
