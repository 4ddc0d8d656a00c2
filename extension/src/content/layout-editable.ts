// Where the ghost goes in a contenteditable. The browser tells the caret's rectangle; the ghost is a block over the caret's
// own block whose first line is indented to the caret, so that further lines begin where the editor's would.

import { caretRectangle, contentBox, visibleArea } from "./caret-geometry";
import { caretRange } from "./editable-window";
import type { GhostContent, Layout, Placement, Surface } from "./ghost";
import { drawBelow } from "./layout-below";
import { ghostColour, intersect, isolate, px, setStyles, TextStyle } from "./text-style";

export class EditableLayout implements Layout {
  readonly element: HTMLElement;
  readonly #surface: Surface;
  readonly #frame = document.createElement("div");
  readonly #text = document.createElement("div");
  readonly #ghost = document.createElement("span");
  readonly #style = new TextStyle(this.#text);

  constructor(element: HTMLElement, surface: Surface) {
    this.element = element;
    this.#surface = surface;
    isolate(this.#frame);
    setStyles(this.#frame, { position: "fixed", overflow: "clip" });
    isolate(this.#text);
    setStyles(this.#text, { display: "block", position: "absolute" });
    this.#text.append(this.#ghost);
    this.#frame.append(this.#text);
  }

  place(content: GhostContent): Placement {
    const host = this.element;
    const caret = caretRange(host);
    if (!caret) return undefined;
    const { startContainer: container } = caret;
    const element = (container instanceof HTMLElement ? container : container.parentElement) ?? host;
    const style = getComputedStyle(element);
    if (!style.writingMode.startsWith("horizontal")) return undefined;
    const caretRect = caretRectangle(caret, element, style);
    const clip = visibleArea(host);
    if (!caretRect || caretRect.bottom <= clip.top || caretRect.top >= clip.bottom) return undefined;
    if (caretRect.left < clip.left - 1 || caretRect.left > clip.right + 1) return undefined;

    const below = () =>
      drawBelow(this.#surface(), {
        x: caretRect.left,
        lineTop: caretRect.top,
        lineBottom: caretRect.bottom,
        text: content.ghost,
        style,
      });
    if (content.restOfLine.trim() !== "") return below();
    const room = contentBox(blockOf(element, host));
    const lineHeight = style.lineHeight === "normal" ? caretRect.height : px(style.lineHeight);
    const indent = style.direction === "rtl" ? room.right - caretRect.right : caretRect.left - room.left;
    // **Everything is read before anything is set**: a read after a change makes the browser lay the page out anew.
    const text = {
      left: `${room.left - clip.left}px`,
      // The caret's rectangle is as high as the font; the line around it is centred on it.
      top: `${caretRect.top + caretRect.height / 2 - lineHeight / 2 - clip.top}px`,
      width: `${Math.max(1, room.width)}px`,
      "line-height": `${lineHeight}px`,
      "text-indent": `${Math.max(0, indent)}px`,
      "text-align": "start",
      "white-space": style.whiteSpace === "nowrap" || style.whiteSpace === "pre" ? "pre" : "pre-wrap",
      color: ghostColour(style.color),
    };
    const fromStart = /^(start|left|justify|-webkit-auto)$/.test(style.textAlign) || style.direction === "rtl";
    this.#style.copy(style);
    setStyles(this.#frame, {
      left: `${clip.left}px`,
      top: `${clip.top}px`,
      width: `${clip.width}px`,
      height: `${clip.height}px`,
    });
    setStyles(this.#text, text);
    this.#ghost.textContent = content.ghost;
    const surface = this.#surface();
    if (this.#frame.parentNode !== surface) surface.replaceChildren(this.#frame);
    const rect = this.#ghost.getBoundingClientRect();
    // Centred text has its further lines elsewhere, and nothing is accepted that could not be read first.
    const fits = rect.bottom <= clip.bottom + 1 && rect.right <= clip.right + 1;
    if (!fits || (!fromStart && rect.height > lineHeight * 1.5)) return below();
    return { rect: intersect(rect, clip) };
  }
}

function blockOf(element: HTMLElement, host: HTMLElement): HTMLElement {
  let block = element;
  while (block !== host && block.parentElement && getComputedStyle(block).display.startsWith("inline")) {
    block = block.parentElement;
  }
  return block;
}
