// The styles that decide where text lands, copied from a field to a box of ours, so that both break lines alike.

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

export function copyTextStyle(from: CSSStyleDeclaration, to: HTMLElement): void {
  for (const property of COPIED) setStyle(to, property, from.getPropertyValue(property));
}

/** Inline and important: no style of the page, not even a universal one with `!important`, can move our box. */
export function setStyle(element: HTMLElement, property: string, value: string): void {
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
