// Collects what the policy needs from a field's attributes. **Reads no text of the field**: not value, not defaultValue,
// not textContent, not the selection.

import type { FieldFacts } from "./field-policy";
import type { EditableField } from "./fields";

/** Switches Sotto off for a field or everything inside an element. */
const OPT_OUT =
  '[data-sotto="off"],[data-enable-grammarly="false"],[data-gramm="false"],[data-gramm_editor="false"],' +
  '[data-lt-active="false"],[aria-disabled="true"]';

/** Inherited attributes: the nearest ancestor that has one decides. */
const INHERITED = ["writingsuggestions", "spellcheck"] as const;

/** A label longer than this is no label; it is not worth the time of a keystroke. */
const MAX_NAME_LENGTH = 200;

/** What only the field's own attributes and labels decide; cached until one of them changes. */
export function ownFacts(field: EditableField): FieldFacts {
  const { element } = field;
  const attribute = (name: string) => element.getAttribute(name)?.toLowerCase() ?? "";
  const flag = (name: string) => element.hasAttribute(name);
  const maxLength = element.hasAttribute("maxlength") ? Number(element.getAttribute("maxlength")) : -1;
  return {
    kind: field.kind,
    inputType: field.kind === "input" ? attribute("type") || "text" : "",
    autocomplete: attribute("autocomplete").split(/\s+/).filter(Boolean),
    names: names(element),
    inputMode: attribute("inputmode"),
    maxLength: Number.isInteger(maxLength) ? maxLength : -1,
    role: attribute("role"),
    ariaAutocomplete: attribute("aria-autocomplete"),
    hasList: flag("list"),
    locked:
      flag("readonly") ||
      flag("disabled") ||
      attribute("aria-readonly") === "true" ||
      attribute("aria-disabled") === "true" ||
      element.matches(":disabled"),
    masked: isMasked(element),
  };
}

/** Whether the page or the user opted out around the field. Cheap enough for every keystroke. */
export function isOptedOut(element: Element): boolean {
  for (let scope: Element | null = element; scope; scope = shadowHost(scope)) {
    if (scope.closest(OPT_OUT)) return true;
    for (const name of INHERITED) {
      const holder = scope.closest(`[${name}]`);
      if (holder && holder.getAttribute(name)?.toLowerCase() === "false") return true;
    }
  }
  return false;
}

function names(element: HTMLElement): string[] {
  const attributes = ["name", "id", "placeholder", "aria-label", "aria-placeholder", "title", "data-testid"];
  const found = attributes.map((name) => element.getAttribute(name));
  const labels = "labels" in element ? (element as HTMLInputElement).labels : null;
  for (const label of labels ?? []) found.push(labelText(label, element));
  const root = element.getRootNode();
  if (root instanceof Document || root instanceof ShadowRoot) {
    for (const id of (element.getAttribute("aria-labelledby") ?? "").split(/\s+/)) {
      const label = id ? root.getElementById(id) : null;
      if (label && !label.contains(element)) found.push(labelText(label, element));
    }
  }
  return found.filter((name): name is string => Boolean(name)).map((name) => name.slice(0, MAX_NAME_LENGTH));
}

/** A label's own words. A label may wrap the field (or another one): their text is left out. */
function labelText(label: Element, field: Element): string {
  const walker = document.createTreeWalker(label, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, {
    acceptNode: (node) =>
      node === field ||
      (node instanceof HTMLElement && (node.isContentEditable || /^(TEXTAREA|INPUT)$/.test(node.tagName)))
        ? NodeFilter.FILTER_REJECT
        : node.nodeType === Node.TEXT_NODE
          ? NodeFilter.FILTER_ACCEPT
          : NodeFilter.FILTER_SKIP,
  });
  let text = "";
  for (let node = walker.nextNode(); node && text.length < MAX_NAME_LENGTH; node = walker.nextNode()) {
    text += `${node.nodeValue ?? ""} `;
  }
  return text;
}

/** A text field dressed up as a password field. */
function isMasked(element: Element): boolean {
  const security = getComputedStyle(element).getPropertyValue("-webkit-text-security");
  return security !== "" && security !== "none";
}

function shadowHost(element: Element): Element | null {
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}
