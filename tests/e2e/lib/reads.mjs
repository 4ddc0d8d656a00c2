// Counts what the content script reads from a page.
//
// Content scripts live in an isolated world with prototypes of their own, so wrapping `HTMLInputElement.prototype.value`
// in the page would see nothing. This wraps them in the extension's own world, which the debugging protocol names, and
// counts by element: each getter and method through which text of a field, its selection or a typed key can be had.

import { extensionWorlds } from "./worlds.mjs";

/**
 * @typedef {object} ReadCounter
 * @property {(id: string) => Promise<Record<string, number>>} of  counts by what was read, for the element with this id
 * @property {() => Promise<void>} reset
 * @property {number} worlds  how many worlds of the extension the page has
 */

// Runs in the extension's world. Self-contained: it is sent as text.
function install() {
  /** @type {any} */
  const scope = globalThis;
  if (scope.__sottoReads) return;
  /** @type {Map<string, Record<string, number>>} */
  const counts = new Map();
  scope.__sottoReads = { of: (/** @type {string} */ id) => counts.get(id) ?? {}, reset: () => counts.clear() };
  const getParent = /** @type {any} */ (Object.getOwnPropertyDescriptor(Node.prototype, "parentNode")).get;
  const getId = /** @type {any} */ (Object.getOwnPropertyDescriptor(Element.prototype, "id")).get;

  /** @param {any} node @param {string} what */
  const note = (node, what) => {
    // Counted for every element around it too: reading a text node reads its editor.
    for (let at = node; at; at = at instanceof ShadowRoot ? at.host : getParent.call(at)) {
      if (!(at instanceof Element)) continue;
      const id = getId.call(at);
      if (!id) continue;
      const own = counts.get(id) ?? {};
      own[what] = (own[what] ?? 0) + 1;
      counts.set(id, own);
    }
  };
  /** @param {any} prototype @param {string[]} names @param {(self: any) => any} [node] */
  const getters = (prototype, names, node = (self) => self) => {
    for (const name of names) {
      const old = Object.getOwnPropertyDescriptor(prototype, name);
      if (!old?.get) continue;
      const { get } = old;
      Object.defineProperty(prototype, name, {
        ...old,
        get() {
          note(node(this), name);
          return get.call(this);
        },
      });
    }
  };
  /** @param {any} prototype @param {string[]} names @param {(self: any) => any} [node] */
  const methods = (prototype, names, node = (self) => self) => {
    for (const name of names) {
      const old = prototype[name];
      if (typeof old !== "function") continue;
      prototype[name] = function (/** @type {any[]} */ ...args) {
        // Attributes decide the policy; only the one that holds text counts.
        if (name !== "getAttribute" || args[0] === "value") note(node(this), `${name}()`);
        return old.apply(this, args);
      };
    }
  };
  const value = ["value", "defaultValue", "valueAsNumber", "valueAsDate", "textLength"];
  const selection = ["selectionStart", "selectionEnd", "selectionDirection"];
  getters(HTMLInputElement.prototype, [...value, ...selection]);
  getters(HTMLTextAreaElement.prototype, [...value, ...selection]);
  getters(Node.prototype, ["textContent", "nodeValue"]);
  getters(CharacterData.prototype, ["data", "length"]);
  getters(HTMLElement.prototype, ["innerText", "outerText"]);
  getters(Element.prototype, ["innerHTML", "outerHTML"]);
  methods(Node.prototype, ["cloneNode"]);
  methods(Element.prototype, ["getAttribute", "getHTML"]);
  methods(CharacterData.prototype, ["substringData"]);
  methods(HTMLInputElement.prototype, ["setRangeText", "select"]);
  methods(HTMLTextAreaElement.prototype, ["setRangeText", "select"]);
  methods(Range.prototype, ["toString", "cloneContents"], (range) => range.startContainer);
  methods(Selection.prototype, ["toString"], (selection) => selection.focusNode);
  /** @param {Event} event */
  const target = (event) => event.composedPath()[0];
  getters(KeyboardEvent.prototype, ["key", "code"], target);
  getters(InputEvent.prototype, ["data", "dataTransfer"], target);
  getters(CompositionEvent.prototype, ["data"], target);
  getters(ClipboardEvent.prototype, ["clipboardData"], target);
}

/**
 * Call it after the page has loaded and before the field is touched.
 * @param {import("@playwright/test").Page} page
 * @param {string} extensionId
 * @returns {Promise<ReadCounter>}
 */
export async function countReads(page, extensionId) {
  const { count, evaluate } = await extensionWorlds(page, extensionId);
  await evaluate(`(${install.toString()})()`);
  return {
    worlds: count,
    of: async (id) => {
      /** @type {Record<string, number>} */
      const sum = {};
      for (const counts of await evaluate(`__sottoReads.of(${JSON.stringify(id)})`)) {
        for (const [what, count] of Object.entries(counts)) sum[what] = (sum[what] ?? 0) + Number(count);
      }
      return sum;
    },
    reset: async () => {
      await evaluate("__sottoReads.reset()");
    },
  };
}
