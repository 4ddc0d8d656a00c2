// Where the caret of a contenteditable is on screen, and how much of the editor is in view.

import { intersect, px } from "./text-style";

/** The caret's rectangle; a caret on an empty line has none of its own, so its surroundings tell. */
export function caretRectangle(caret: Range, element: HTMLElement, style: CSSStyleDeclaration): DOMRect | undefined {
  const own = [...caret.getClientRects()].at(-1);
  if (own && own.height > 0) return own;
  const { startContainer: container, startOffset: offset } = caret;
  const rightToLeft = style.direction === "rtl";
  if (container instanceof Text && offset > 0) {
    const before = document.createRange();
    before.setStart(container, offset - 1);
    before.setEnd(container, offset);
    const rect = [...before.getClientRects()].at(-1);
    if (rect && rect.height > 0) return new DOMRect(rightToLeft ? rect.left : rect.right, rect.top, 0, rect.height);
  }
  const child = container.childNodes[offset] ?? container.childNodes[offset - 1];
  const rect = child instanceof HTMLElement ? child.getClientRects()[0] : undefined;
  if (rect && rect.height > 0) {
    const after = container.childNodes[offset] === undefined && child?.nodeName !== "BR";
    return new DOMRect(after ? rect.right : rect.left, rect.top, 0, rect.height);
  }
  const box = contentBox(element);
  const height = style.lineHeight === "normal" ? px(style.fontSize) * 1.2 : px(style.lineHeight);
  return new DOMRect(rightToLeft ? box.right : box.left, box.top, 0, height);
}

/** What of the host is in view: its box, cut by every scrolling ancestor and the viewport. */
export function visibleArea(host: HTMLElement): DOMRect {
  let area = intersect(host.getBoundingClientRect(), new DOMRect(0, 0, innerWidth, innerHeight));
  for (let ancestor = host.parentElement; ancestor && ancestor !== document.body; ancestor = ancestor.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(ancestor);
    if (overflowX !== "visible" || overflowY !== "visible") area = intersect(area, ancestor.getBoundingClientRect());
  }
  return area;
}

export function contentBox(element: HTMLElement): DOMRect {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const left = box.left + px(style.borderLeftWidth) + px(style.paddingLeft);
  const top = box.top + px(style.borderTopWidth) + px(style.paddingTop);
  const right = box.right - px(style.borderRightWidth) - px(style.paddingRight);
  const bottom = box.bottom - px(style.borderBottomWidth) - px(style.paddingBottom);
  return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
}
