// Styles of our own boxes: set apart from the page, and with the text metrics of the field that they lie over.

/** What decides where text lands. Copied, so that our box breaks lines where the field does. */
const COPIED = [
  "font-family",
  "font-size",
  "font-style",
  "font-weight",
  "font-stretch",
  "font-variant",
  "font-kerning",
  "font-feature-settings",
  "font-variation-settings",
  "font-optical-sizing",
  "font-size-adjust",
  "letter-spacing",
  "word-spacing",
  "line-height",
  "text-transform",
  "text-align",
  "text-indent",
  "text-rendering",
  "tab-size",
  "direction",
  "unicode-bidi",
  "word-break",
  "overflow-wrap",
  "line-break",
  "hyphens",
] as const;

/** What changes when a page restyles a field while somebody types in it; the rest follows its first look. */
const TELLTALE = ["font", "letterSpacing", "wordSpacing", "textAlign", "direction", "textTransform"] as const;

/** The field's text style on one of our boxes; copying again costs little while nothing changed. */
export class TextStyle {
  readonly #to: HTMLElement;
  #key = "";

  constructor(to: HTMLElement) {
    this.#to = to;
  }

  /** Returns whether anything changed. */
  copy(from: CSSStyleDeclaration): boolean {
    const key = TELLTALE.map((name) => from[name]).join("|");
    if (key === this.#key) return false;
    this.#key = key;
    // Read first, then set: mixed, each read would make the browser work out the styles anew.
    const values = COPIED.map((property) => from.getPropertyValue(property));
    COPIED.forEach((property, at) => {
      setStyle(this.#to, property, values[at] ?? "");
    });
    return true;
  }
}

/** Inline and important: no style of the page, not even a universal one with `!important`, can move our box. */
function setStyle(element: HTMLElement, property: string, value: string): void {
  element.style.setProperty(property, value, "important");
}

export function setStyles(element: HTMLElement, styles: Record<string, string>): void {
  for (const [property, value] of Object.entries(styles)) setStyle(element, property, value);
}

/**
 * A box that takes nothing from the page and gives nothing to it. Set once, before its other styles: `all` resets what
 * was set earlier, and what our host passes on, the indifference to the pointer included.
 */
export function isolate(element: HTMLElement): void {
  setStyles(element, { all: "initial", "pointer-events": "none", "user-select": "none" });
}

export function px(value: string): number {
  const number = Number.parseFloat(value);
  return Number.isFinite(number) ? number : 0;
}

/** The text colour at a strength that reads as "not yet there" on light and dark fields alike. */
export function ghostColour(colour: string): string {
  return `color-mix(in srgb, ${colour} 50%, transparent)`;
}

export function intersect(a: DOMRect, b: DOMRect): DOMRect {
  const left = Math.max(a.left, b.left);
  const top = Math.max(a.top, b.top);
  const right = Math.min(a.right, b.right);
  const bottom = Math.min(a.bottom, b.bottom);
  return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
}
