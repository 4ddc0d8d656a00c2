// Whether what is written on the site in front is kept: by the host where personalisation is on, which is asked only then, or
// as phrases in this browser. Opening the popup starts nothing otherwise.

import { AssistClient } from "../shared/assist-client";
import { byId, setHidden, setText } from "../shared/dom";
import { toWireError } from "../shared/errors";
import { t } from "../shared/i18n";
import { type PhraseTask, send } from "../shared/messages";
import type { PageTask } from "../shared/personal-checks";
import { PersonalLink } from "../shared/personal-link";
import { usesPhrases } from "../shared/settings";
import { readSettings } from "../shared/settings-store";
import { siteKind, webOrigin } from "../shared/sites";

export class LearnView {
  readonly #link = new PersonalLink(new AssistClient());
  readonly #switch = byId("learn-switch", HTMLInputElement);

  async start(): Promise<void> {
    const [settings, [tab]] = await Promise.all([
      readSettings(),
      chrome.tabs.query({ active: true, currentWindow: true }),
    ]);
    const site = webOrigin(tab?.url);
    // What is written in a private window is never kept.
    if (!site || tab?.incognito || siteKind(tab?.url) !== "web") return;
    const { personal, useHost } = settings;
    if (personal && useHost) this.#follow((task) => this.#ask(site, task), site);
    else if (usesPhrases(settings)) this.#follow((task) => this.#askPhrases(site, task), site);
  }

  #follow(
    ask: (task: { type: "status" } | { type: "setSite"; site: string; isNamed: boolean }) => Promise<void>,
    site: string,
  ): void {
    this.#switch.addEventListener("change", (event) => {
      if (event.isTrusted) void ask({ type: "setSite", site, isNamed: this.#switch.checked });
    });
    void ask({ type: "status" });
  }

  async #askPhrases(site: string, task: PhraseTask): Promise<void> {
    setHidden("learn", false);
    setText("learn-label", t("learnPhrasesLabel"));
    try {
      await send("ensureEngine", {});
      const { isOn, sites, trouble } = await send("phrases", { task });
      this.#switch.disabled = !isOn || trouble !== "";
      this.#switch.checked = sites.includes(site);
      setText("learn-note", trouble || t(this.#switch.checked ? "learnPhrasesOn" : "learnOff"));
    } catch (error) {
      this.#switch.disabled = true;
      setText("learn-note", toWireError(error, t("personalFailed")).message);
    }
  }

  async #ask(site: string, task: PageTask): Promise<void> {
    try {
      const { isOn, isOpen, isKeyInFile, sites, trouble } = await this.#link.status(task);
      setHidden("learn", !isOn);
      this.#switch.disabled = !isOpen;
      this.#switch.checked = sites.includes(site);
      const locked = isKeyInFile ? t("learnLocked") : trouble;
      setText("learn-note", isOpen ? t(this.#switch.checked ? "learnOn" : "learnOff") : locked);
    } catch (error) {
      setHidden("learn", false);
      this.#switch.disabled = true;
      setText("learn-note", toWireError(error, t("personalFailed")).message);
    }
  }
}
