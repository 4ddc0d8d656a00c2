// The ghost on a small card under the caret's line: where text follows the caret, or where the field has no room left.

import type { Placement } from "./ghost";
import { isolate, setStyles, TextStyle } from "./text-style";

export interface BelowOptions {
  /** The caret, in viewport coordinates. */
  x: number;
  lineTop: number;
  lineBottom: number;
  text: string;
  style: CSSStyleDeclaration;
}

const GAP_PX = 3;
const MARGIN_PX = 4;

export function drawBelow(surface: HTMLElement, options: BelowOptions): Placement {
  const card = document.createElement("div");
  const dark = prefersDark(options.style.color);
  isolate(card);
  setStyles(card, {
    position: "fixed",
    left: "0",
    top: "0",
    "max-width": `${Math.max(80, Math.min(innerWidth - 2 * MARGIN_PX, 640))}px`,
    padding: "2px 6px",
    "border-radius": "5px",
    "box-shadow": "0 1px 4px rgb(0 0 0 / 35%)",
    "white-space": "pre",
    overflow: "hidden",
    "text-overflow": "ellipsis",
    "box-sizing": "border-box",
  });
  new TextStyle(card).copy(options.style);
  setStyles(card, {
    "line-height": "1.35",
    "text-indent": "0",
    "text-align": "start",
    background: dark ? "#2b2d33" : "#ffffff",
    color: dark ? "#c9ccd4" : "#565b66",
  });
  card.textContent = options.text.trimStart();
  surface.replaceChildren(card);

  const size = card.getBoundingClientRect();
  const left = Math.max(MARGIN_PX, Math.min(options.x, innerWidth - size.width - MARGIN_PX));
  const below = options.lineBottom + GAP_PX;
  const top = below + size.height > innerHeight ? options.lineTop - GAP_PX - size.height : below;
  setStyles(card, { left: `${left}px`, top: `${top}px` });
  return { rect: new DOMRect(left, top, size.width, size.height) };
}

/** Light text means a dark field. */
function prefersDark(colour: string): boolean {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140;
}
