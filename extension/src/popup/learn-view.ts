// Whether what is written on the site in front is kept. Asks the host only where personalisation is on: opening the popup
// starts nothing otherwise.

import { AssistClient } from "../shared/assist-client";
import { byId, setHidden, setText } from "../shared/dom";
import { toWireError } from "../shared/errors";
import { t } from "../shared/i18n";
import type { PageTask } from "../shared/personal-checks";
import { PersonalLink } from "../shared/personal-link";
import { readSettings } from "../shared/settings-store";
import { siteKind, webOrigin } from "../shared/sites";

export class LearnView {
  readonly #link = new PersonalLink(new AssistClient());
  readonly #switch = byId("learn-switch", HTMLInputElement);

  async start(): Promise<void> {
    const [{ personal, useHost }, [tab]] = await Promise.all([
      readSettings(),
      chrome.tabs.query({ active: true, currentWindow: true }),
    ]);
    const site = webOrigin(tab?.url);
    // What is written in a private window is never kept.
    if (!personal || !useHost || !site || tab?.incognito || siteKind(tab?.url) !== "web") return;
    this.#switch.addEventListener("change", (event) => {
      if (event.isTrusted) void this.#ask(site, { type: "setSite", site, isNamed: this.#switch.checked });
    });
    await this.#ask(site, { type: "status" });
  }

  async #ask(site: string, task: PageTask): Promise<void> {
    try {
      const { isOn, isOpen, sites, trouble } = await this.#link.status(task);
      setHidden("learn", !isOn);
      this.#switch.disabled = !isOpen;
      this.#switch.checked = sites.includes(site);
      setText("learn-note", isOpen ? t(this.#switch.checked ? "learnOn" : "learnOff") : trouble);
    } catch (error) {
      setHidden("learn", false);
      this.#switch.disabled = true;
      setText("learn-note", toWireError(error, t("personalFailed")).message);
    }
  }
}
