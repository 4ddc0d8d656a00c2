// Draws the suggestion: one `<sotto-ghost>` element on the root element, in the top layer (above dialogs), with a closed
// shadow root, there only while something is shown. It takes no pointer, no focus, no layout of the page, and no style
// from it. **Nothing inside the page's own elements is touched.**

import type { EditableField } from "./fields";
import { layoutEditable } from "./layout-editable";
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

/** A layout draws into `surface` and says where the ghost is, in viewport coordinates; undefined if it is not in view. */
export type Placement = { rect: DOMRect } | undefined;

export class Ghost {
  #host: HTMLElement | undefined;
  #surface: HTMLElement | undefined;
  #native: NativeLayout | undefined;
  #rect: DOMRect | undefined;

  get visible(): boolean {
    return this.#host?.isConnected === true;
  }

  get rect(): DOMRect | undefined {
    return this.visible ? this.#rect : undefined;
  }

  /** Draws or moves the ghost. False if there is no place for it in view; then nothing is left on screen. */
  show(field: EditableField, content: GhostContent): boolean {
    const surface = this.#attach();
    if (!surface) return false;
    const placement =
      field.kind === "editable"
        ? layoutEditable(surface, field.element, content)
        : this.#nativeLayout(field.element, surface).place(content);
    this.#rect = placement?.rect;
    if (!placement) this.hide();
    return placement !== undefined;
  }

  hide(): void {
    this.#host?.remove();
    this.#host = undefined;
    this.#surface = undefined;
    this.#native = undefined;
    this.#rect = undefined;
  }

  #nativeLayout(element: HTMLTextAreaElement | HTMLInputElement, surface: HTMLElement): NativeLayout {
    if (this.#native?.element !== element) this.#native = new NativeLayout(element, surface);
    return this.#native;
  }

  #attach(): HTMLElement | undefined {
    if (this.#surface && this.#host?.isConnected) return this.#surface;
    this.hide();
    const root = document.documentElement;
    if (!(root instanceof HTMLElement)) return undefined;
    const host = document.createElement("sotto-ghost");
    host.setAttribute("aria-hidden", "true");
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
    const shadow = host.attachShadow({ mode: "closed" });
    const surface = document.createElement("div");
    shadow.append(surface);
    root.append(host);
    raise(host);
    this.#host = host;
    this.#surface = surface;
    return surface;
  }
}

/** Removes what an earlier version of this script, cut off by an update, may have left. */
export function removeLeftovers(): void {
  for (const leftover of document.querySelectorAll("sotto-ghost")) leftover.remove();
}

/** The top layer is above every z-index and every modal dialog. Where it is refused, the z-index has to do. */
function raise(host: HTMLElement): void {
  try {
    host.setAttribute("popover", "manual");
    host.showPopover();
  } catch {
    host.removeAttribute("popover");
  }
}
