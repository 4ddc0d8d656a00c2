// Rebinding: a button per action; after a click it takes the next key press. Esc alone ends the capture where it is not
// what is being bound, so that nobody is trapped.

import { byId, kbdCaps, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import { bindingOf, bindingProblem, defaultKeys, KEY_ACTIONS, type KeyAction, keyCaps } from "../shared/key-bindings";
import { isMac } from "../shared/platform";
import { bindingTaken, type Settings } from "../shared/settings";
import { updateSettings } from "../shared/settings-store";

const LABELS: Record<KeyAction, string> = {
  acceptAll: "keyAcceptAllLong",
  acceptWord: "keyAcceptWordLong",
  dismiss: "keyDismissLong",
};

export class KeysView {
  readonly #buttons = new Map<KeyAction, HTMLButtonElement>();
  #settings: Settings | undefined;
  #capturing: KeyAction | undefined;

  constructor() {
    const holder = byId("keys", HTMLElement);
    for (const action of KEY_ACTIONS) {
      const row = document.createElement("div");
      row.className = "key-row";
      const label = document.createElement("span");
      label.id = `key-${action}`;
      label.textContent = t(LABELS[action]);
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.id = `key-${action}-button`;
      button.setAttribute("aria-labelledby", `key-${action} key-${action}-button`);
      button.addEventListener("click", () => this.#capture(action));
      button.addEventListener("blur", () => this.#endCapture());
      button.addEventListener("keydown", (event) => this.#keyDown(event));
      row.append(label, button);
      holder.append(row);
      this.#buttons.set(action, button);
    }
    byId("keys-reset", HTMLButtonElement).addEventListener("click", () => {
      void updateSettings((settings) => ({ ...settings, keys: defaultKeys(isMac()) }));
    });
  }

  show(settings: Settings): void {
    this.#settings = settings;
    for (const [action, button] of this.#buttons) {
      if (action !== this.#capturing) button.replaceChildren(kbdCaps(keyCaps(settings.keys[action], isMac())));
    }
  }

  #capture(action: KeyAction): void {
    this.#endCapture();
    this.#capturing = action;
    const button = this.#buttons.get(action);
    button?.classList.add("capturing");
    button?.replaceChildren(t("keyPress"));
    setText("keys-problem", "");
  }

  #endCapture(): void {
    const action = this.#capturing;
    if (!action) return;
    this.#capturing = undefined;
    this.#buttons.get(action)?.classList.remove("capturing");
    if (this.#settings) this.show(this.#settings);
  }

  #keyDown(event: KeyboardEvent): void {
    const action = this.#capturing;
    const settings = this.#settings;
    if (!action || !settings) return;
    event.preventDefault();
    const binding = bindingOf(event);
    if (!binding) return;
    if (binding === "Escape" && action !== "dismiss") {
      this.#endCapture();
      return;
    }
    const problem = bindingProblem(binding);
    if (problem) setText("keys-problem", problem === "typesText" ? t("keyTypesText") : t("keyInvalid"));
    else if (bindingTaken(settings.keys, action, binding)) setText("keys-problem", t("keyTaken"));
    else {
      this.#endCapture();
      setText("keys-problem", "");
      void updateSettings((now) => ({ ...now, keys: { ...now.keys, [action]: binding } }));
    }
  }
}
