// The adapters that there are, which one named sites use, and why it is not used after all.

import { byId, setHidden, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import { send } from "../shared/messages";
import type { PageTask } from "../shared/personal-checks";
import type { AdapterView, PersonalStatus } from "../shared/protocol";
import type { Settings } from "../shared/settings";
import { updateSettings } from "../shared/settings-store";

export class AdaptersView {
  readonly #change: (task: PageTask) => void;
  readonly #uses = byId("uses-adapter", HTMLInputElement);
  #adapters: readonly AdapterView[] = [];

  constructor(change: (task: PageTask) => void) {
    this.#change = change;
    this.#uses.addEventListener("change", () => {
      void updateSettings((settings) => ({ ...settings, usesAdapter: this.#uses.checked }));
    });
  }

  show({ usesAdapter, adapterInUse }: Settings): void {
    this.#uses.checked = usesAdapter;
    byId("adapters", HTMLUListElement).replaceChildren(
      ...this.#adapters.map((adapter) => this.#row(adapter, adapter.name === adapterInUse)),
    );
    setHidden("adapters-none", this.#adapters.length > 0);
    this.#uses.disabled = this.#adapters.length === 0;
  }

  async draw({ adapters }: PersonalStatus, settings: Settings): Promise<void> {
    this.#adapters = adapters;
    this.show(settings);
    await this.refresh();
  }

  /** The engine's word may come later than the list: it reads the adapter when a named site is open. */
  async refresh(): Promise<void> {
    const { view } = await send("personal", {}).catch(() => ({ view: undefined }));
    setText("adapters-problem", view?.adapterTrouble ?? "");
  }

  #row({ name, kib, atS }: AdapterView, isInUse: boolean): HTMLLIElement {
    const item = document.createElement("li");
    const label = document.createElement("span");
    label.textContent = t("adapterName", name, String(kib), new Date(atS * 1_000).toLocaleDateString());
    const use = button(t(isInUse ? "adapterInUse" : "adapterUse"), t("adapterUseLabel", name), () => {
      void updateSettings((settings) => ({ ...settings, adapterInUse: name, usesAdapter: true }));
    });
    use.disabled = isInUse;
    const erase = button(t("adapterErase"), t("adapterEraseLabel", name), () => {
      if (isInUse) void updateSettings((settings) => ({ ...settings, adapterInUse: null }));
      this.#change({ type: "eraseAdapter", name });
    });
    const buttons = document.createElement("span");
    buttons.className = "inline";
    buttons.append(use, erase);
    item.append(label, buttons);
    return item;
  }
}

function button(text: string, description: string, action: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = text;
  made.setAttribute("aria-label", description);
  made.addEventListener("click", (event) => event.isTrusted && action());
  return made;
}
