// The selection of this frame. Fields that hold secrets are never read: the same policy as for suggestions decides, from
// attributes, before any text is touched.

import { ownFacts } from "../content/field-facts";
import { judge } from "../content/field-policy";
import { deepActiveElement, type EditableField, fieldOf } from "../content/fields";
import { MAX_SUMMARIZE_UTF16 } from "../shared/protocol";
import { cutText, type TakenSelection } from "../shared/selection";

export function takeSelection(): TakenSelection {
  const hasFocus = document.hasFocus() && !(document.activeElement instanceof HTMLIFrameElement);
  const nothing: TakenSelection = { text: "", isSecret: false, isCut: false, rect: null, hasFocus };
  const active = deepActiveElement();
  const field = active ? fieldOf(active) : undefined;
  if (field && isSecret(field)) return { ...nothing, isSecret: true };
  if (field && field.kind !== "editable") {
    const text = textOfField(field);
    if (text !== "") return taken(text, field.element.getBoundingClientRect(), hasFocus);
  }
  // Inside a web component the document's own selection ends at its host.
  const selection = selectionOf(active) ?? document.getSelection();
  if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return nothing;
  const around = fieldOf(selection.getRangeAt(0).commonAncestorContainer);
  if (around && isSecret(around)) return { ...nothing, isSecret: true };
  return taken(selection.toString(), selection.getRangeAt(0).getBoundingClientRect(), hasFocus);
}

function isSecret(field: EditableField): boolean {
  const verdict = judge(ownFacts(field));
  return !verdict.allowed && verdict.reason === "secureField";
}

/** The selected part of a text field; inputs that have no text have no selection either. */
function textOfField(field: EditableField): string {
  if (field.kind === "editable") return "";
  const { selectionStart, selectionEnd } = field.element;
  if (selectionStart === null || selectionEnd === null || selectionStart === selectionEnd) return "";
  return field.element.value.slice(selectionStart, selectionEnd);
}

function selectionOf(active: Element | null): Selection | null {
  // Chromium's own; the standard's getComposedRanges gives ranges, and no text of them.
  const root = active?.getRootNode() as (ShadowRoot & { getSelection?(): Selection | null }) | undefined;
  return root instanceof ShadowRoot ? (root.getSelection?.() ?? null) : null;
}

function taken(whole: string, rect: DOMRect, hasFocus: boolean): TakenSelection {
  const trimmed = whole.trim();
  const text = cutText(trimmed, MAX_SUMMARIZE_UTF16);
  return { text, isSecret: false, isCut: text.length < trimmed.length, rect: inTab(rect), hasFocus };
}

/** A rectangle of this frame in the tab's viewport; null inside a frame of another site. */
function inTab(rect: DOMRect): TakenSelection["rect"] {
  let { left, top, right, bottom } = rect;
  for (let frame: Window = window; frame !== frame.top; frame = frame.parent) {
    let element: Element | null = null;
    try {
      element = frame.frameElement;
    } catch {
      // Of another site.
    }
    if (!element) return null;
    const around = element.getBoundingClientRect();
    left += around.left + element.clientLeft;
    right += around.left + element.clientLeft;
    top += around.top + element.clientTop;
    bottom += around.top + element.clientTop;
  }
  return { left, top, right, bottom };
}
