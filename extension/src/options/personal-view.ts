// Personalisation: explained before it is switched on, and then everything about it in one place. **The host is asked only
// while it is on here, or because of a click**: opening this page starts nothing otherwise.

import type { AssistClient } from "../shared/assist-client";
import { byId, setHidden, setText } from "../shared/dom";
import { toWireError } from "../shared/errors";
import { t } from "../shared/i18n";
import type { PageTask } from "../shared/personal-checks";
import { PersonalLink } from "../shared/personal-link";
import type { PersonalStatus } from "../shared/protocol";
import type { Settings } from "../shared/settings";
import { readSettings, updateSettings } from "../shared/settings-store";
import { AdaptersView } from "./adapters-view";
import { KeptTextsView } from "./kept-texts-view";
import { NamedSitesView } from "./named-sites-view";
import { TrainingView } from "./training-view";
import { TransferView } from "./transfer-view";

export class PersonalView {
  readonly #link: PersonalLink;
  readonly #switch = byId("personal", HTMLInputElement);
  readonly #passphrase = byId("personal-passphrase", HTMLInputElement);
  readonly #named: NamedSitesView;
  readonly #kept: KeptTextsView;
  readonly #training: TrainingView;
  readonly #adapters: AdaptersView;
  readonly #transfer: TransferView;
  #isOn: boolean | undefined;

  constructor(client: Pick<AssistClient, "request">) {
    this.#link = new PersonalLink(client);
    const change = (task: PageTask) => void this.#change(task);
    this.#named = new NamedSitesView(change);
    this.#kept = new KeptTextsView(this.#link, (status) => this.#draw(status));
    this.#adapters = new AdaptersView(change);
    this.#transfer = new TransferView(this.#link, () => change({ type: "status" }));
    this.#training = new TrainingView(this.#link, () => change({ type: "status" }));
    this.#switch.addEventListener("change", (event) => {
      // Only "Switch on" below what it means does that.
      const wantsOn = this.#switch.checked;
      this.#switch.checked = this.#isOn === true;
      if (!event.isTrusted) return;
      if (wantsOn) this.#explain(true);
      else void this.#switchOff();
    });
    const click = (id: string, action: () => void) =>
      byId(id, HTMLButtonElement).addEventListener("click", (event) => event.isTrusted && action());
    click("personal-agree", () => void this.#switchOn());
    click("personal-not-now", () => this.#explain(false));
    click("personal-erase", () => this.#askFirst(true));
    click("personal-erase-no", () => this.#askFirst(false));
    click("personal-erase-yes", () => void this.#eraseAll());
    byId("personal-unlock", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (!event.isTrusted || this.#passphrase.value === "") return;
      change({ type: "unlock", passphrase: this.#passphrase.value });
      this.#passphrase.value = "";
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden || !this.#isOn) return;
      void this.#adapters.refresh();
      void this.#training.refresh();
      // A key in a file is closed when the host was let go.
      void this.#ask(async () => this.#draw(await this.#link.status({ type: "status" })));
    });
  }

  show(settings: Settings): void {
    this.#switch.checked = settings.personal;
    this.#adapters.show(settings);
    this.#training.show(settings);
    if (settings.personal === this.#isOn) return;
    this.#isOn = settings.personal;
    if (settings.personal) {
      this.#explain(false);
      void this.#change({ type: "status" });
    } else {
      this.#close();
    }
  }

  #explain(isShown: boolean): void {
    setHidden("personal-explained", !isShown);
    if (isShown) byId("personal-agree", HTMLButtonElement).focus();
  }

  async #switchOn(): Promise<void> {
    await this.#ask(async () => {
      // On the command line it may have been switched on already, with the key in a file.
      const now = await this.#link.status({ type: "status" });
      if (!now.isOn) await this.#link.status({ type: "switchOn" });
      this.show(await updateSettings((settings) => ({ ...settings, personal: true })));
    });
  }

  async #switchOff(): Promise<void> {
    // First of all: off is off, also if there is no host to be told.
    this.show(await updateSettings((settings) => ({ ...settings, personal: false })));
    await this.#ask(async () => {
      const { texts } = await this.#link.status({ type: "switchOff" });
      setText("personal-state", texts > 0 ? t("personalOffKept", String(texts)) : t("personalOff"));
    });
  }

  async #eraseAll(): Promise<void> {
    this.#askFirst(false);
    await this.#ask(async () => {
      await this.#link.status({ type: "eraseAll" });
      this.show(await updateSettings((settings) => ({ ...settings, personal: false, adapterInUse: null })));
      setText("personal-state", t("personalErased"));
    });
  }

  #askFirst(isAsking: boolean): void {
    setHidden("personal-erase-confirm", !isAsking);
    setHidden("personal-erase", isAsking);
    if (isAsking) byId("personal-erase-no", HTMLButtonElement).focus();
  }

  async #change(task: PageTask): Promise<void> {
    await this.#ask(async () => {
      const status = await this.#link.status(task);
      await this.#draw(status);
      if (status.isOpen) await this.#kept.refresh();
    });
  }

  /** What goes wrong is a sentence; what is shown stays. */
  async #ask(action: () => Promise<void>): Promise<void> {
    setText("personal-problem", "");
    const before = byId("personal-state", HTMLElement).textContent ?? "";
    setText("personal-state", t("personalAsking"));
    try {
      await action();
    } catch (error) {
      setText("personal-problem", toWireError(error, t("personalFailed")).message);
    }
    // An action that said nothing of its own leaves what was said before.
    if (byId("personal-state", HTMLElement).textContent === t("personalAsking")) setText("personal-state", before);
  }

  async #draw(status: PersonalStatus): Promise<void> {
    if (!this.#isOn) return;
    if (!status.isOn) {
      // It was switched off on the command line, or erased.
      this.show(await updateSettings((settings) => ({ ...settings, personal: false })));
      return;
    }
    setText("personal-state", status.isOpen ? t("personalOn", String(status.texts), String(status.kib)) : "");
    setText("personal-problem", status.isOpen ? "" : status.trouble);
    setHidden("personal-unlock", status.isOpen || !status.isKeyInFile);
    setHidden("personal-file-note", !status.isKeyInFile);
    setHidden("personal-open", !status.isOpen);
    this.#named.draw(status);
    this.#training.draw(status);
    this.#transfer.draw(status);
    await this.#adapters.draw(status, await readSettings());
  }

  #close(): void {
    this.#training.stop();
    this.#kept.clear();
    this.#transfer.clear();
    setText("personal-state", "");
    setText("personal-problem", "");
    setHidden("personal-unlock", true);
    setHidden("personal-file-note", true);
    setHidden("personal-open", true);
  }
}
