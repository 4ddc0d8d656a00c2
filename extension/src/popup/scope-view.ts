// What may be sent of the site in front without a question, and how to take it back. Asks the host only where the user lets
// endpoints be offered: opening the popup starts nothing otherwise.

import { AssistClient } from "../shared/assist-client";
import type { AssistEvent } from "../shared/assist-messages";
import { byId, setHidden, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import type { HostStatus } from "../shared/protocol";
import { readSettings } from "../shared/settings-store";
import { webOrigin } from "../shared/sites";

export class ScopeView {
  readonly #client = new AssistClient();
  #origin: string | undefined;

  async start(): Promise<void> {
    const [{ offerCloud, useHost }, [tab]] = await Promise.all([
      readSettings(),
      chrome.tabs.query({ active: true, currentWindow: true }),
    ]);
    this.#origin = webOrigin(tab?.url);
    if (!offerCloud || !useHost || !this.#origin) return;
    byId("scope-revoke", HTMLButtonElement).addEventListener("click", () => {
      this.#client.request({ type: "revoke", site: this.#origin ?? null }, (event) => this.#heard(event));
    });
    this.#client.request({ type: "status" }, (event) => this.#heard(event));
  }

  #heard(event: AssistEvent): void {
    if (event.type === "status") this.#show(event.status);
    else if (event.type === "error") setText("scope-note", event.error.message);
  }

  #show({ cloud }: HostStatus): void {
    const scope = cloud?.scopes.find(({ site }) => site === this.#origin);
    setHidden("scope", !scope);
    if (scope) setText("scope-note", t("scopeNote", String(Math.ceil(scope.expiresInS / 60))));
  }
}
