// Where the ghost goes in a textarea or an input. The browser does not tell where their caret is, so the text before it is
// laid out again in an invisible box with the field's metrics, and the ghost is simply the visible end of that text: it
// wraps where the field would wrap. The lines above the caret's are a block of their own, so that a keystroke lays out
// one line and not the whole text.

import type { GhostContent, Layout, Placement, Surface } from "./ghost";
import { drawBelow } from "./layout-below";
import { ghostColour, intersect, isolate, px, setStyles, TextStyle } from "./text-style";

/** A visible part narrower than this is not worth showing. */
const MIN_VISIBLE_PX = 4;

export class NativeLayout implements Layout {
  readonly element: HTMLTextAreaElement | HTMLInputElement;
  readonly #clip = document.createElement("div");
  readonly #text = document.createElement("div");
  readonly #above = document.createElement("div");
  readonly #line = document.createElement("div");
  readonly #typed = document.createTextNode("");
  readonly #ghost = document.createElement("span");
  readonly #surface: Surface;
  readonly #textStyle = new TextStyle(this.#text);
  #aboveText: string | undefined = "";
  #look = "";
  /** The line that was measured last, with the ghost at its end, and was found to fit. */
  #fitting: string | undefined;
  readonly #inline: Placement;

  constructor(element: HTMLTextAreaElement | HTMLInputElement, surface: Surface) {
    this.element = element;
    this.#surface = surface;
    this.#line.append(this.#typed, this.#ghost);
    this.#text.append(this.#above, this.#line);
    this.#clip.append(this.#text);
    const visible = () => intersect(this.#ghost.getBoundingClientRect(), this.#clip.getBoundingClientRect());
    this.#inline = {
      get rect() {
        return visible();
      },
    };
    for (const box of [this.#clip, this.#text]) {
      isolate(box);
      setStyles(box, { visibility: "hidden" });
    }
  }

  place(content: GhostContent): Placement {
    const { element } = this;
    const style = getComputedStyle(element);
    if (!style.writingMode.startsWith("horizontal")) return undefined;
    const field = element.getBoundingClientRect();
    const single = element instanceof HTMLInputElement;
    const moved = this.#style(style, field, single);
    const line = this.#fill(content, single);
    const surface = this.#surface();
    if (this.#clip.parentNode !== surface) surface.replaceChildren(this.#clip);
    // Letters that were typed go from the ghost to the text before it: the whole stays where it was, so there is nothing
    // to measure, and the browser is not made to lay out before it would anyway.
    if (!moved && line === this.#fitting && content.restOfLine.trim() === "") return this.#inline;
    this.#fitting = undefined;

    const ghostRects = [...this.#ghost.getClientRects()];
    const first = ghostRects[0];
    const clip = this.#clip.getBoundingClientRect();
    const last = ghostRects.at(-1);
    if (!first || !last) return undefined;
    const caretInView =
      first.left >= clip.left - 1 && first.left <= clip.right + 1 && first.bottom > clip.top && first.top < clip.bottom;
    if (!caretInView || clip.bottom <= 0 || clip.top >= innerHeight) return undefined;

    const fits = last.right <= clip.right + 1 && last.left >= clip.left - 1 && last.bottom <= clip.bottom + 1;
    // Nothing is accepted that could not be read first.
    if (content.restOfLine.trim() !== "" || !fits) {
      return drawBelow(this.#surface(), {
        x: first.left,
        lineTop: first.top,
        lineBottom: Math.min(first.bottom, clip.bottom),
        text: content.ghost,
        style,
      });
    }
    const visible = intersect(this.#ghost.getBoundingClientRect(), clip);
    if (visible.width < MIN_VISIBLE_PX || visible.height < MIN_VISIBLE_PX) return undefined;
    this.#fitting = line;
    return this.#inline;
  }

  /** Returns whether anything changed. */
  #style(style: CSSStyleDeclaration, field: DOMRect, single: boolean): boolean {
    // Between two keys nothing of this changes, as a rule, and setting it would cost more than all the rest.
    const look = lookOf(this.element, style, field);
    // **Everything is read before anything is set**: a read after a change makes the browser lay the page out anew.
    const styles = look === this.#look ? undefined : stylesOf(this.element, style, field, single);
    this.#look = look;
    const restyled = this.#textStyle.copy(style);
    if (styles) {
      setStyles(this.#clip, styles.clip);
      setStyles(this.#text, styles.text);
      setStyles(this.#ghost, styles.ghost);
    }
    return restyled || styles !== undefined;
  }

  /** Returns the text that is laid out, ghost included. */
  #fill(content: GhostContent, single: boolean): string {
    const lineStart = single ? 0 : content.textBefore.lastIndexOf("\n") + 1;
    // The block ends with the break itself; a block of its own starts a new line anyway.
    const above = content.textBefore.slice(0, Math.max(0, lineStart - 1));
    if (lineStart === 0) {
      if (this.#aboveText !== undefined) this.#above.style.setProperty("display", "none", "important");
      this.#aboveText = undefined;
    } else if (above !== this.#aboveText) {
      this.#above.style.setProperty("display", "block", "important");
      // A zero-width space keeps an empty last line open.
      this.#above.textContent = `${above}\u200b`;
      this.#aboveText = above;
    }
    const typed = content.textBefore.slice(lineStart);
    this.#typed.data = typed;
    this.#ghost.textContent = content.ghost;
    return `${above}\n${typed}${content.ghost}`;
  }
}

/** The styles that put our boxes where the field's are. */
function stylesOf(
  element: HTMLElement,
  style: CSSStyleDeclaration,
  field: DOMRect,
  single: boolean,
): Record<"clip" | "text" | "ghost", Record<string, string>> {
  // Transforms on the way to the field scale its box; ours has no such ancestors.
  const scaleX = scale(field.width, element.offsetWidth);
  const scaleY = scale(field.height, element.offsetHeight);
  const padding = {
    top: px(style.paddingTop),
    right: px(style.paddingRight),
    bottom: px(style.paddingBottom),
    left: px(style.paddingLeft),
  };
  // Without the scroll bar, which the field's own text has to do without as well.
  const { clientHeight, clientLeft, clientTop } = element;
  // Where lines break is a matter of fractions of a pixel, and `clientWidth` is rounded.
  const clientWidth = element.clientWidth + (field.width / scaleX - element.offsetWidth);
  // Text scrolls through the padding of a textarea, not through that of an input.
  const clipInset = single ? padding : { top: 0, right: 0, bottom: 0, left: 0 };
  const wraps = !single && style.whiteSpace !== "pre" && style.whiteSpace !== "nowrap";
  // Centred text stays where it is: the ghost must not take part in its line.
  const fromStart = style.textAlign === "start" || style.textAlign === (style.direction === "rtl" ? "right" : "left");
  return {
    clip: {
      position: "fixed",
      left: `${field.left + (clientLeft + clipInset.left) * scaleX}px`,
      top: `${field.top + (clientTop + clipInset.top) * scaleY}px`,
      width: `${Math.max(0, clientWidth - clipInset.left - clipInset.right)}px`,
      height: `${Math.max(0, clientHeight - clipInset.top - clipInset.bottom)}px`,
      overflow: "clip",
      transform: `scale(${scaleX}, ${scaleY})`,
      "transform-origin": "0 0",
      "box-sizing": "border-box",
      display: single ? "flex" : "block",
      "align-items": "center",
      direction: style.direction,
    },
    text: {
      display: "block",
      position: "relative",
      left: `${-element.scrollLeft}px`,
      top: `${-element.scrollTop}px`,
      width: single ? "100%" : `${clientWidth}px`,
      "min-width": single ? "100%" : "0",
      "box-sizing": "border-box",
      padding: single ? "0" : `${padding.top}px ${padding.right}px ${padding.bottom}px ${padding.left}px`,
      "white-space": wraps ? "pre-wrap" : "pre",
      flex: "none",
    },
    ghost: {
      visibility: "visible",
      color: ghostColour(style.color),
      position: fromStart || style.textAlign === "justify" ? "static" : "absolute",
    },
  };
}

/** Everything that our boxes follow, apart from the text's own style. */
function lookOf(element: HTMLElement, style: CSSStyleDeclaration, field: DOMRect): string {
  return [
    field.left,
    field.top,
    field.width,
    field.height,
    element.offsetWidth,
    element.offsetHeight,
    element.clientLeft,
    element.clientTop,
    element.clientWidth,
    element.clientHeight,
    element.scrollLeft,
    element.scrollTop,
    innerHeight,
    style.padding,
    style.direction,
    style.whiteSpace,
    style.textAlign,
    style.color,
  ].join(" ");
}

/** The factor between a box on screen and its layout size, which browsers round to whole pixels. */
function scale(onScreen: number, layout: number): number {
  return layout > 0 && Math.abs(onScreen - layout) >= 1 ? onScreen / layout : 1;
}
