import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf, bindingOf, bindingProblem, defaultKeys, keyCaps } from "../src/shared/key-bindings";

const press = (
  key: string,
  modifiers: Partial<Record<"ctrlKey" | "metaKey" | "altKey" | "shiftKey", boolean>> = {},
) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...modifiers,
});

test("bindings name modifiers in one order", () => {
  assert.equal(bindingOf(press("Tab")), "Tab");
  assert.equal(bindingOf(press("ArrowRight", { ctrlKey: true })), "Ctrl+ArrowRight");
  assert.equal(bindingOf(press("k", { shiftKey: true, altKey: true, ctrlKey: true })), "Ctrl+Alt+Shift+K");
  assert.equal(bindingOf(press(" ", { ctrlKey: true })), "Ctrl+Space");
  assert.equal(bindingOf(press("+", { ctrlKey: true })), "Ctrl+Plus");
});

test("modifiers alone and keys of an input method are no binding", () => {
  for (const key of ["Shift", "Control", "Meta", "Alt", "Process", "Dead", "Unidentified"]) {
    assert.equal(bindingOf(press(key)), undefined, key);
  }
});

test("defaults match, and other combinations do not", () => {
  const keys = defaultKeys(false);
  assert.equal(actionOf(press("Tab"), keys), "acceptAll");
  assert.equal(actionOf(press("Tab", { shiftKey: true }), keys), undefined);
  assert.equal(actionOf(press("ArrowRight", { ctrlKey: true }), keys), "acceptWord");
  assert.equal(actionOf(press("ArrowRight"), keys), undefined);
  assert.equal(actionOf(press("Escape"), keys), "dismiss");
  assert.equal(actionOf(press("ArrowRight", { metaKey: true }), defaultKeys(true)), "acceptWord");
});

test("a key that types text cannot be bound", () => {
  assert.equal(bindingProblem("A"), "typesText");
  assert.equal(bindingProblem("Shift+A"), "typesText");
  assert.equal(bindingProblem("Space"), "typesText");
  assert.equal(bindingProblem("Enter"), "typesText");
  assert.equal(bindingProblem("Ctrl+Space"), undefined);
  assert.equal(bindingProblem("F2"), undefined);
  assert.equal(bindingProblem("Tab"), undefined);
});

test("damaged bindings are refused", () => {
  for (const binding of ["", "+", "Shift+Ctrl+A", "Hyper+A", "x".repeat(80)]) {
    assert.equal(bindingProblem(binding), "invalid", binding);
  }
});

test("key caps are what is printed on the keys", () => {
  assert.deepEqual(keyCaps("Ctrl+ArrowRight", false), ["Ctrl", "→"]);
  assert.deepEqual(keyCaps("Meta+ArrowRight", true), ["⌘", "→"]);
});
