// Draws the suggestion: one `<sotto-ghost>` element on the root element, in the top layer (above dialogs), with a closed
// shadow root, there only while something is shown. It takes no pointer, no focus, no layout of the page, and no style
// from it. **Nothing inside the page's own elements is touched.**

import type { EditableField } from "./fields";
import { EditableLayout } from "./layout-editable";
import { NativeLayout } from "./layout-native";
import { isolate, setStyles } from "./text-style";

/** What a layout needs: the text around the caret is read by the caller, under the policy. */
export interface GhostContent {
  /** Whole text before the caret for native fields; "" for editors, whose caret the browser can tell. */
  textBefore: string;
  ghost: string;
  /** Text of the same line after the caret: a ghost over it could not be read, so it goes below the line. */
  restOfLine: string;
}

/** Where the ghost is, in viewport coordinates; undefined if it is not in view. Asking may make the browser lay out. */
export type Placement = { readonly rect: DOMRect } | undefined;

/**
 * Where a layout draws. Asking for it puts it into the document, so a layout asks last: what is measured afterwards makes
 * the browser lay the page out again.
 */
export type Surface = () => HTMLElement;

/** Draws ghosts over one field into the surface that it was made with. */
export interface Layout {
  readonly element: HTMLElement;
  place(content: GhostContent): Placement;
}

export class Ghost {
  /** Made on first use and kept: only being in the document is what the page can notice. */
  #parts: { host: HTMLElement; surface: HTMLElement } | undefined;
  #layout: Layout | undefined;
  #placement: Placement;

  get visible(): boolean {
    return this.#parts?.host.isConnected === true;
  }

  get rect(): DOMRect | undefined {
    return this.visible ? this.#placement?.rect : undefined;
  }

  /** Draws or moves the ghost. False if there is no place for it in view; then nothing is left on screen. */
  show(field: EditableField, content: GhostContent): boolean {
    const root = document.documentElement;
    if (!(root instanceof HTMLElement)) return false;
    if (this.#layout?.element !== field.element) {
      const surface = () => this.#attach(root);
      this.#layout =
        field.kind === "editable"
          ? new EditableLayout(field.element, surface)
          : new NativeLayout(field.element, surface);
    }
    this.#placement = this.#layout.place(content);
    if (!this.#placement) this.hide();
    return this.#placement !== undefined;
  }

  hide(): void {
    this.#parts?.host.remove();
    this.#placement = undefined;
  }

  #attach(root: HTMLElement): HTMLElement {
    this.#parts ??= make();
    const { host, surface } = this.#parts;
    if (!host.isConnected) {
      root.append(host);
      raise(host);
    }
    return surface;
  }
}

function make(): { host: HTMLElement; surface: HTMLElement } {
  const host = document.createElement("sotto-ghost");
  host.setAttribute("aria-hidden", "true");
  host.setAttribute("popover", "manual");
  isolate(host);
  setStyles(host, {
    position: "fixed",
    inset: "0",
    width: "100%",
    height: "100%",
    margin: "0",
    padding: "0",
    border: "0",
    background: "transparent",
    overflow: "clip",
    "z-index": "2147483647",
    display: "block",
    contain: "strict",
  });
  const surface = document.createElement("div");
  host.attachShadow({ mode: "closed" }).append(surface);
  return { host, surface };
}

/** Removes what an earlier version of this script, cut off by an update, may have left. */
export function removeLeftovers(): void {
  for (const leftover of document.querySelectorAll("sotto-ghost")) leftover.remove();
}

/** The top layer is above every z-index and every modal dialog. Where it is refused, the z-index has to do. */
function raise(host: HTMLElement): void {
  try {
    host.showPopover();
  } catch {
    // Displayed all the same: our inline style overrides the one that hides closed popovers.
  }
}
