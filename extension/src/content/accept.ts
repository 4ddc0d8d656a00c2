// Puts accepted text into the field the way typing would: the page sees `beforeinput` and `input`, frameworks keep their
// state, and one undo takes it back. Reports whether the text arrived; nothing is lost in silence.

import { caretRange, selectionOf } from "./editable-window";
import type { EditableField } from "./fields";
import { type CaretWindow, readWindow } from "./text-window";
import { fold } from "./type-through";

export type AcceptResult = "inserted" | "refused";

/** Frames that an editor with its own model gets to show the text. */
const FRAMES_TO_ARRIVE = 3;

/**
 * Inserts `text` at the caret of the focused field, whose window is `from`.
 *
 * Four kinds of editor need four ways (pitfall 3): native and framework-controlled fields take the browser's editing
 * command; editors that own their model cancel `beforeinput` and do it themselves; what refuses both gets the text set
 * with the events that a framework listens for.
 */
export async function accept(field: EditableField, text: string, from: CaretWindow): Promise<AcceptResult> {
  const arrived = () => hasArrived(field, text, from);
  endUndoStep(field);
  // The editing command does not fire `beforeinput`, so an editor that works by that event would be bypassed.
  const cancelled = !field.element.dispatchEvent(inputEvent("beforeinput", text, true));
  if (!cancelled && !isChanged(field, from)) {
    document.execCommand("insertText", false, text);
    if (!isChanged(field, from)) insertByHand(field, text);
  }
  for (let frame = 0; frame < FRAMES_TO_ARRIVE && !arrived(); frame += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  if (!arrived()) return "refused";
  endUndoStep(field);
  return "inserted";
}

/** Whether what was typed and what was accepted are one undo step is decided by this: setting the caret ends a step. */
function endUndoStep(field: EditableField): void {
  if (field.kind !== "editable") {
    const caret = field.element.selectionStart;
    if (caret !== null && caret === field.element.selectionEnd) field.element.setSelectionRange(caret, caret);
    return;
  }
  const caret = caretRange(field.element);
  if (caret) selectionOf(field.element)?.collapse(caret.startContainer, caret.startOffset);
}

function insertByHand(field: EditableField, text: string): void {
  if (field.kind === "editable") insertInRange(field.element, text);
  else insertInValue(field.element, text);
  field.element.dispatchEvent(inputEvent("input", text, false));
}

function insertInValue(element: HTMLTextAreaElement | HTMLInputElement, text: string): void {
  const start = element.selectionStart ?? element.value.length;
  const end = element.selectionEnd ?? start;
  element.setRangeText(text, start, end, "end");
}

function insertInRange(host: HTMLElement, text: string): void {
  const range = caretRange(host);
  if (!range) return;
  const node = document.createTextNode(text);
  range.insertNode(node);
  selectionOf(host)?.collapse(node, text.length);
}

function inputEvent(type: "beforeinput" | "input", data: string, cancelable: boolean): InputEvent {
  return new InputEvent(type, { inputType: "insertText", data, bubbles: true, composed: true, cancelable });
}

function isChanged(field: EditableField, from: CaretWindow): boolean {
  const now = readWindow(field);
  return now.type !== "window" || now.window.before !== from.before || now.window.after !== from.after;
}

/** An editor may draw other quotes or spaces than it was given; the words have to be there. */
function hasArrived(field: EditableField, text: string, from: CaretWindow): boolean {
  const now = readWindow(field);
  if (now.type !== "window" || now.window.before === from.before) return false;
  return fold(now.window.before).trimEnd().endsWith(fold(text).trim());
}
