// The caret window of a contenteditable: nodes are walked from the caret outwards until the window is full or the budget
// of nodes is used up, so a long document costs no more than a short one. Text comes out as the reader sees it: a line
// break between blocks, white space collapsed where the page collapses it (visible-text.ts).

import { MAX_AFTER_UTF16, MAX_BEFORE_UTF16 } from "../shared/protocol";
import type { WindowResult } from "./text-window";
import { cutBack, cutFront } from "./utf16";
import { BLOCK, BREAK, type Piece, visibleText } from "./visible-text";

/** Nodes visited in one direction; a window of 2,000 characters in one-word spans needs about 1,500. */
const MAX_NODES = 3_000;

/** A mention chip or emoji is part of the sentence; a longer island is a widget. */
const MAX_CHIP_LENGTH = 80;

const BLOCKS = new Set(
  (
    "ADDRESS ARTICLE ASIDE BLOCKQUOTE DD DETAILS DIV DL DT FIGCAPTION FIGURE FOOTER FORM H1 H2 H3 H4 H5 H6 HEADER HR " +
    "LI MAIN NAV OL P PRE SECTION TABLE TBODY TD TFOOT TH THEAD TR UL"
  ).split(" "),
);
const NO_TEXT = new Set(
  "SCRIPT STYLE TEMPLATE NOSCRIPT SELECT TEXTAREA INPUT BUTTON IFRAME OBJECT VIDEO AUDIO CANVAS svg SVG".split(" "),
);

type Direction = "back" | "forward";

/** The caret as a collapsed range inside the host. */
export function caretRange(host: HTMLElement): Range | undefined {
  const selection = selectionOf(host);
  if (!selection || selection.rangeCount === 0 || !selection.isCollapsed) return undefined;
  const range = selection.getRangeAt(0);
  return host.contains(range.startContainer) ? range : undefined;
}

/** Chromium gives a shadow root its own selection; it is not in the standard, so it is asked for by name. */
export function selectionOf(host: HTMLElement): Selection | null {
  const root = host.getRootNode();
  const own = root instanceof ShadowRoot ? (root as ShadowRoot & { getSelection?: () => Selection | null }) : undefined;
  return own?.getSelection ? own.getSelection() : host.ownerDocument.getSelection();
}

export function editableWindow(host: HTMLElement): WindowResult {
  const caret = caretRange(host);
  if (!caret) return { type: "noCaret" };
  const collapse = !preservesWhiteSpace(host, caret.startContainer);
  const before = visibleText(collect(host, caret, "back", MAX_BEFORE_UTF16).reverse(), collapse);
  const after = visibleText(collect(host, caret, "forward", MAX_AFTER_UTF16), collapse);
  return {
    type: "window",
    window: {
      before: cutFront(before.replace(/^\n+/, ""), MAX_BEFORE_UTF16),
      after: cutBack(after.replace(/\n+$/, ""), MAX_AFTER_UTF16),
    },
  };
}

/** The last `limit` code units of what is written there, and one more. */
export function editableEnd(host: HTMLElement, limit: number): string {
  const end = host.ownerDocument.createRange();
  end.selectNodeContents(host);
  end.collapse(false);
  const text = visibleText(collect(host, end, "back", limit).reverse(), !preservesWhiteSpace(host, host));
  return text.slice(-(limit + 1));
}

/** Pieces from the caret outwards, in the order of the walk. */
function collect(host: HTMLElement, caret: Range, direction: Direction, limit: number): Piece[] {
  const pieces: Piece[] = [];
  let length = 0;
  const add = (text: string) => {
    // One unit more than the limit: the cut needs to see whether it halves a character.
    const piece = direction === "back" ? text.slice(-(limit + 1)) : text.slice(0, limit + 1);
    pieces.push(piece);
    length += piece.length;
  };

  let { parent, child } = start(caret, direction, add);
  for (let visited = 0; visited < MAX_NODES && length <= limit; visited += 1) {
    if (!child) {
      if (parent === host || !parent.parentNode) break;
      if (isBlock(parent)) pieces.push(BLOCK);
      child = beside(parent, direction);
      parent = parent.parentNode;
      continue;
    }
    const node: Node = child;
    if (node instanceof Text) {
      add(node.data);
    } else if (node.nodeName === "BR") {
      pieces.push(BREAK);
    } else if (isBlock(node)) {
      pieces.push(BLOCK);
    }
    const inner: Node | null = isIsland(node) ? null : direction === "back" ? node.lastChild : node.firstChild;
    if (inner) {
      parent = node;
      child = inner;
      continue;
    }
    if (isChip(node)) add(node.textContent ?? "");
    child = beside(node, direction);
  }
  return pieces;
}

/** Where the walk begins; the part of the caret's own text node goes in at once. */
function start(caret: Range, direction: Direction, add: (text: string) => void): { parent: Node; child: Node | null } {
  const { startContainer: container, startOffset: offset } = caret;
  if (container instanceof Text) {
    add(direction === "back" ? container.data.slice(0, offset) : container.data.slice(offset));
    return { parent: container.parentNode ?? container, child: beside(container, direction) };
  }
  return { parent: container, child: container.childNodes[direction === "back" ? offset - 1 : offset] ?? null };
}

function beside(node: Node, direction: Direction): Node | null {
  return direction === "back" ? node.previousSibling : node.nextSibling;
}

function isBlock(node: Node): boolean {
  return BLOCKS.has(node.nodeName);
}

/** Nothing inside is text that the user edits. */
function isIsland(node: Node): boolean {
  if (!(node instanceof Element)) return false;
  return NO_TEXT.has(node.nodeName) || node.getAttribute("contenteditable") === "false";
}

function isChip(node: Node): boolean {
  if (!(node instanceof Element) || NO_TEXT.has(node.nodeName) || isBlock(node)) return false;
  return node.getAttribute("contenteditable") === "false" && (node.textContent?.length ?? 0) <= MAX_CHIP_LENGTH;
}

/** Asking for the style after every edit would make the browser compute it in the middle of a keystroke. */
const whiteSpaceKept = new WeakMap<Element, boolean>();

function preservesWhiteSpace(host: HTMLElement, container: Node): boolean {
  const element = (container instanceof Element ? container : container.parentElement) ?? host;
  let kept = whiteSpaceKept.get(element);
  if (kept === undefined) {
    const { whiteSpace } = getComputedStyle(element);
    kept = whiteSpace.startsWith("pre") || whiteSpace === "break-spaces";
    whiteSpaceKept.set(element, kept);
  }
  return kept;
}
