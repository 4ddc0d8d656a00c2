// Key bindings as text: modifiers in a fixed order, then `KeyboardEvent.key` (letters in upper case), joined by "+".
// The same text is stored, shown, captured in the options page and matched in the content script.

export interface KeyBindings {
  acceptAll: string;
  acceptWord: string;
  dismiss: string;
}

export type KeyAction = keyof KeyBindings;

export const KEY_ACTIONS: readonly KeyAction[] = ["acceptAll", "acceptWord", "dismiss"];

/** The parts of a `KeyboardEvent` that decide a match. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

const MODIFIERS = ["Ctrl", "Meta", "Alt", "Shift"] as const;
const MODIFIER_KEYS = new Set(["Control", "Meta", "Alt", "Shift", "AltGraph", "CapsLock", "Fn", "NumLock"]);

/** Names longer than this are no key that a browser sends. */
const MAX_BINDING_LENGTH = 40;

export function defaultKeys(isMac: boolean): KeyBindings {
  return { acceptAll: "Tab", acceptWord: isMac ? "Meta+ArrowRight" : "Ctrl+ArrowRight", dismiss: "Escape" };
}

/** The binding of a key press, or undefined while only modifiers are down. */
export function bindingOf(press: KeyPress): string | undefined {
  if (MODIFIER_KEYS.has(press.key) || press.key === "Dead" || press.key === "Process" || press.key === "Unidentified") {
    return undefined;
  }
  const parts: string[] = [];
  if (press.ctrlKey) parts.push("Ctrl");
  if (press.metaKey) parts.push("Meta");
  if (press.altKey) parts.push("Alt");
  if (press.shiftKey) parts.push("Shift");
  parts.push(keyName(press.key));
  return parts.join("+");
}

/** The action that this key press is bound to. */
export function actionOf(press: KeyPress, keys: KeyBindings): KeyAction | undefined {
  const binding = bindingOf(press);
  return KEY_ACTIONS.find((action) => keys[action] === binding);
}

/** Why a binding cannot be used, or undefined if it can. */
export function bindingProblem(binding: string): "invalid" | "typesText" | undefined {
  const { modifiers, key } = split(binding);
  if (!key || binding.length > MAX_BINDING_LENGTH) return "invalid";
  const ordered = MODIFIERS.filter((modifier) => modifiers.includes(modifier));
  if (ordered.length !== modifiers.length || ordered.some((modifier, index) => modifier !== modifiers[index])) {
    return "invalid";
  }
  // A plain character has to stay a character: a ghost must never swallow what somebody types.
  const printable = [...key].length === 1 || key === "Space" || key === "Enter" || key === "Backspace";
  const hasCommandModifier = modifiers.includes("Ctrl") || modifiers.includes("Meta") || modifiers.includes("Alt");
  return printable && !hasCommandModifier ? "typesText" : undefined;
}

/** The binding as key caps, for people. */
export function keyCaps(binding: string, isMac: boolean): string[] {
  const { modifiers, key } = split(binding);
  const names: Record<string, string> = isMac ? { Meta: "⌘", Alt: "⌥", Shift: "⇧", Ctrl: "⌃" } : { Meta: "Win" };
  const keys: Record<string, string> = {
    ArrowRight: "→",
    ArrowLeft: "←",
    ArrowUp: "↑",
    ArrowDown: "↓",
    Escape: "Esc",
    Plus: "+",
  };
  return [...modifiers.map((modifier) => names[modifier] ?? modifier), keys[key] ?? key];
}

function split(binding: string): { modifiers: string[]; key: string } {
  const parts = binding.split("+");
  const key = parts.pop() ?? "";
  return { modifiers: parts, key };
}

function keyName(key: string): string {
  if (key === " ") return "Space";
  if (key === "+") return "Plus";
  return [...key].length === 1 ? key.toUpperCase() : key;
}
