// Which element of an event is a text field, and where the focus really is. Touches no text.

export type EditableField =
  | { kind: "textarea"; element: HTMLTextAreaElement }
  | { kind: "input"; element: HTMLInputElement }
  | { kind: "editable"; element: HTMLElement };

/** Smaller than this, a field is an editor's hidden input, and a ghost over it would be at the wrong place. */
const MIN_WIDTH_PX = 24;
const MIN_HEIGHT_PX = 8;

/** The field that an event is about, through open shadow roots. */
export function fieldOfEvent(event: Event): EditableField | undefined {
  const target = event.composedPath()[0];
  return target instanceof Node ? fieldOf(target) : undefined;
}

/** The field that a node is, or the editing host that it lies in. */
export function fieldOf(node: Node): EditableField | undefined {
  if (node instanceof HTMLTextAreaElement) return { kind: "textarea", element: node };
  if (node instanceof HTMLInputElement) return { kind: "input", element: node };
  const start = node instanceof HTMLElement ? node : node instanceof Document ? node.body : node.parentElement;
  if (!(start instanceof HTMLElement) || !start.isContentEditable) return undefined;
  let host = start;
  while (host.parentElement?.isContentEditable) host = host.parentElement;
  return { kind: "editable", element: host };
}

/** The element with the focus, through open shadow roots. */
export function deepActiveElement(): Element | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

/** Whether the field still has the focus. */
export function hasFocus(field: EditableField): boolean {
  if (!field.element.isConnected) return false;
  const active = deepActiveElement();
  if (active === field.element) return true;
  return field.kind === "editable" && active !== null && (field.element.contains(active) || isDesignMode(field));
}

/** Whether the field is large enough to be the one that the user sees. */
export function isVisibleField(element: Element): boolean {
  const box = element.getBoundingClientRect();
  return box.width >= MIN_WIDTH_PX && box.height >= MIN_HEIGHT_PX;
}

/** Whether text can only be on one line. */
export function isSingleLine(field: EditableField): boolean {
  return (
    field.kind === "input" || (field.kind === "editable" && field.element.getAttribute("aria-multiline") === "false")
  );
}

function isDesignMode(field: EditableField): boolean {
  return field.element.ownerDocument.designMode === "on";
}
