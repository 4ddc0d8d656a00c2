// Where the ghost goes in a contenteditable. The browser tells the caret's rectangle; the ghost is a block over the caret's
// own block whose first line is indented to the caret, so that further lines begin where the editor's would.

import { caretRange } from "./editable-window";
import type { GhostContent, Placement } from "./ghost";
import { drawBelow } from "./layout-below";
import { intersect } from "./layout-native";
import { copyTextStyle, ghostColour, isolate, px, setStyles } from "./text-style";

export function layoutEditable(surface: HTMLElement, host: HTMLElement, content: GhostContent): Placement {
  const caret = caretRange(host);
  if (!caret) return undefined;
  const element = elementOf(caret.startContainer) ?? host;
  const style = getComputedStyle(element);
  if (!style.writingMode.startsWith("horizontal")) return undefined;
  const caretRect = caretRectangle(caret, element, style);
  const clip = visibleArea(host);
  if (!caretRect || caretRect.bottom <= clip.top || caretRect.top >= clip.bottom) return undefined;
  if (caretRect.left < clip.left - 1 || caretRect.left > clip.right + 1) return undefined;

  const block = blockOf(element, host);
  const room = contentBox(block);
  if (content.restOfLine.trim() !== "") {
    return drawBelow(surface, {
      x: caretRect.left,
      lineTop: caretRect.top,
      lineBottom: caretRect.bottom,
      text: content.ghost,
      style,
      within: clip,
    });
  }

  const lineHeight = style.lineHeight === "normal" ? caretRect.height : px(style.lineHeight);
  const rightToLeft = style.direction === "rtl";
  const indent = rightToLeft ? room.right - caretRect.right : caretRect.left - room.left;
  const frame = document.createElement("div");
  isolate(frame);
  setStyles(frame, {
    position: "fixed",
    left: `${clip.left}px`,
    top: `${clip.top}px`,
    width: `${clip.width}px`,
    height: `${clip.height}px`,
    overflow: "clip",
  });
  const text = document.createElement("div");
  isolate(text);
  setStyles(text, { display: "block", position: "absolute" });
  copyTextStyle(style, text);
  setStyles(text, {
    left: `${room.left - clip.left}px`,
    // The caret's rectangle is as high as the font; the line around it is centred on it.
    top: `${caretRect.top + caretRect.height / 2 - lineHeight / 2 - clip.top}px`,
    width: `${Math.max(1, room.width)}px`,
    "line-height": `${lineHeight}px`,
    "text-indent": `${Math.max(0, indent)}px`,
    "text-align": "start",
    "white-space": style.whiteSpace === "nowrap" || style.whiteSpace === "pre" ? "pre" : "pre-wrap",
    color: ghostColour(style.color),
  });
  const ghost = document.createElement("span");
  ghost.textContent = content.ghost;
  text.append(ghost);
  frame.append(text);
  surface.replaceChildren(frame);
  const visible = intersect(ghost.getBoundingClientRect(), frame.getBoundingClientRect());
  return visible.width < 1 || visible.height < 1 ? undefined : { rect: visible };
}

/** The caret's rectangle; an empty line has none, so its block tells. */
function caretRectangle(caret: Range, element: HTMLElement, style: CSSStyleDeclaration): DOMRect | undefined {
  const own = [...caret.getClientRects()].at(-1);
  if (own && own.height > 0) return own;
  const { startContainer: container, startOffset: offset } = caret;
  if (container instanceof Text && offset > 0) {
    const before = document.createRange();
    before.setStart(container, offset - 1);
    before.setEnd(container, offset);
    const rect = [...before.getClientRects()].at(-1);
    if (rect && rect.height > 0)
      return new DOMRect(style.direction === "rtl" ? rect.left : rect.right, rect.top, 0, rect.height);
  }
  const child = container.childNodes[offset] ?? container.childNodes[offset - 1];
  const anchor = child instanceof HTMLElement ? child : undefined;
  const rect = anchor?.getClientRects()[0];
  if (rect && rect.height > 0) {
    const after = container.childNodes[offset] === undefined && anchor?.nodeName !== "BR";
    return new DOMRect(after ? rect.right : rect.left, rect.top, 0, rect.height);
  }
  const box = contentBox(element);
  const height = style.lineHeight === "normal" ? px(style.fontSize) * 1.2 : px(style.lineHeight);
  return new DOMRect(style.direction === "rtl" ? box.right : box.left, box.top, 0, height);
}

/** What of the host is in view: its box, cut by every scrolling ancestor and the viewport. */
function visibleArea(host: HTMLElement): DOMRect {
  let area = intersect(host.getBoundingClientRect(), new DOMRect(0, 0, innerWidth, innerHeight));
  for (let ancestor = host.parentElement; ancestor; ancestor = ancestor.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(ancestor);
    if (
      ancestor !== document.body &&
      ancestor !== document.documentElement &&
      (overflowX !== "visible" || overflowY !== "visible")
    ) {
      area = intersect(area, ancestor.getBoundingClientRect());
    }
  }
  return area;
}

function blockOf(element: HTMLElement, host: HTMLElement): HTMLElement {
  let block = element;
  while (block !== host && block.parentElement && getComputedStyle(block).display.startsWith("inline")) {
    block = block.parentElement;
  }
  return block;
}

function contentBox(element: HTMLElement): DOMRect {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const left = box.left + px(style.borderLeftWidth) + px(style.paddingLeft);
  const top = box.top + px(style.borderTopWidth) + px(style.paddingTop);
  const right = box.right - px(style.borderRightWidth) - px(style.paddingRight);
  const bottom = box.bottom - px(style.borderBottomWidth) - px(style.paddingBottom);
  return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
}

function elementOf(node: Node): HTMLElement | null {
  return node instanceof HTMLElement ? node : node.parentElement;
}
