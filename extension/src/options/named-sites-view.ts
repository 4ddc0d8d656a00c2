// The sites that the user named, and how much is kept of them. The host has the list; nothing of it is stored here.

import { byId, setHidden, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import type { PageTask } from "../shared/personal-checks";
import type { PersonalStatus } from "../shared/protocol";
import { webOrigin } from "../shared/sites";
import { row } from "./row";

export class NamedSitesView {
  readonly #change: (task: PageTask) => void;
  readonly #site = byId("named-site", HTMLInputElement);
  readonly #days = byId("limits-days", HTMLInputElement);
  readonly #mib = byId("limits-mib", HTMLInputElement);

  constructor(change: (task: PageTask) => void) {
    this.#change = change;
    const submit = (id: string, action: () => void) =>
      byId(id, HTMLFormElement).addEventListener("submit", (event) => {
        event.preventDefault();
        if (event.isTrusted) action();
      });
    // The browser's own check of addresses would stop what is written without "https://".
    byId("named-add", HTMLFormElement).noValidate = true;
    submit("named-add", () => this.#add());
    submit("limits", () => {
      change({ type: "setLimits", days: this.#days.valueAsNumber, mib: this.#mib.valueAsNumber });
    });
  }

  draw({ sites, maxDays, maxMib }: PersonalStatus): void {
    byId("named", HTMLUListElement).replaceChildren(
      ...sites.map((site) =>
        row(site, t("remove"), t("namedRemove", site), async () =>
          this.#change({ type: "setSite", site, isNamed: false }),
        ),
      ),
    );
    setHidden("named-none", sites.length > 0);
    if (document.activeElement !== this.#days) this.#days.value = String(maxDays);
    if (document.activeElement !== this.#mib) this.#mib.value = String(maxMib);
  }

  #add(): void {
    const site = siteOfInput(this.#site.value);
    if (!site) {
      setText("personal-problem", t("namedInvalid"));
      return;
    }
    this.#site.value = "";
    this.#change({ type: "setSite", site, isNamed: true });
  }
}

/** The origin of what somebody writes for a site; a name alone means https. */
export function siteOfInput(written: string): string | undefined {
  const address = written.trim();
  if (address === "" || /\s/.test(address)) return undefined;
  return webOrigin(/^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`);
}
