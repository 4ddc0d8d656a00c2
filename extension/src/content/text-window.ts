// The text around the caret, windowed. The only file that reads text out of a page, and only for fields that the policy
// allowed: callers hold a verdict first. Long fields stay cheap: a text field's value is one cached string, an editor's
// text is walked from the caret outwards and no further than the window.

import { MAX_AFTER_UTF16, MAX_BEFORE_UTF16 } from "../shared/protocol";
import { editableEnd, editableWindow } from "./editable-window";
import type { EditableField } from "./fields";
import { cutBack, cutFront } from "./utf16";

/** Half-open: the caret lies between `before` and `after`. Line breaks are `\n`, no lone surrogates. */
export interface CaretWindow {
  before: string;
  after: string;
}

export type WindowResult =
  | { type: "window"; window: CaretWindow }
  /** A selection, or no caret in this field. */
  | { type: "noCaret" }
  | { type: "tooLong" };

/**
 * Longest text of a field that is worked with, in UTF-16 code units. Reading 200,000 takes 0.1 ms; what costs is the
 * browser's own layout and editing of such a field, which we must not add to.
 */
export const MAX_FIELD_UTF16 = 200_000;

/** How often text was read, for the test that proves that denied fields are not. */
let reads = 0;

export function textReads(): number {
  return reads;
}

/** Reads the window of a field that the policy allowed. */
export function readWindow(field: EditableField): WindowResult {
  reads += 1;
  return field.kind === "editable" ? editableWindow(field.element) : nativeWindow(field.element);
}

function nativeWindow(element: HTMLTextAreaElement | HTMLInputElement): WindowResult {
  const start = element.selectionStart;
  if (start === null || start !== element.selectionEnd) return { type: "noCaret" };
  if (element instanceof HTMLTextAreaElement && element.textLength > MAX_FIELD_UTF16) return { type: "tooLong" };
  const { value } = element;
  if (value.length > MAX_FIELD_UTF16) return { type: "tooLong" };
  return {
    type: "window",
    window: {
      before: cutFront(value.slice(Math.max(0, start - MAX_BEFORE_UTF16 - 1), start), MAX_BEFORE_UTF16),
      after: cutBack(value.slice(start, start + MAX_AFTER_UTF16 + 1), MAX_AFTER_UTF16),
    },
  };
}

/**
 * The text of a field that the policy allowed, of a long one its end: `limit` code units and one more, by which the caller
 * sees that it was cut. Nothing for a field that is too long to work with.
 */
export function readEnd(field: EditableField, limit: number): string | undefined {
  reads += 1;
  if (field.kind === "editable") return editableEnd(field.element, limit);
  const { value } = field.element;
  return value.length > MAX_FIELD_UTF16 ? undefined : value.slice(-(limit + 1));
}

/** The whole text before the caret of a native field, for laying it out; "" for editors, which need none. */
export function textBeforeCaret(field: EditableField): string {
  if (field.kind === "editable") return "";
  reads += 1;
  return field.element.value.slice(0, field.element.selectionStart ?? 0);
}
