// Sites: all or some, and the list of those that are off. Grants can be taken back here as well as in the browser.

import { byId, setHidden } from "../shared/dom";
import { t } from "../shared/i18n";
import type { Settings } from "../shared/settings";
import { requestAllSites, setSiteOff } from "../shared/site-access";
import { ALL_SITES, grantsAllSites, webPatterns } from "../shared/sites";
import { row } from "./row";

export class SitesView {
  readonly #all = byId("all-sites", HTMLInputElement);
  readonly #granted = byId("granted", HTMLUListElement);
  readonly #off = byId("off", HTMLUListElement);

  constructor() {
    this.#all.addEventListener("change", () => void this.#toggleAll());
    chrome.permissions.onAdded.addListener(() => void this.#showGranted());
    chrome.permissions.onRemoved.addListener(() => void this.#showGranted());
  }

  show({ offSites }: Settings): void {
    this.#off.replaceChildren(
      ...offSites.map((origin) =>
        row(origin, t("remove"), t("removeOffSite", origin), () => setSiteOff(origin, false)),
      ),
    );
    setHidden("off-none", offSites.length > 0);
    void this.#showGranted();
  }

  async #toggleAll(): Promise<void> {
    if (this.#all.checked) await requestAllSites().catch(() => false);
    else await chrome.permissions.remove({ origins: [...ALL_SITES] }).catch(() => false);
    await this.#showGranted();
  }

  async #showGranted(): Promise<void> {
    const { origins = [] } = await chrome.permissions.getAll();
    const patterns = webPatterns(origins);
    this.#all.checked = grantsAllSites(patterns);
    const single = patterns.filter((pattern) => !ALL_SITES.includes(pattern) && pattern !== "<all_urls>");
    this.#granted.replaceChildren(
      ...single.map((pattern) =>
        row(pattern.replace(/\/\*$/, ""), t("revoke"), t("revokeSite", pattern), async () => {
          // Patterns of the manifest itself cannot be taken back; the browser says so by refusing.
          await chrome.permissions.remove({ origins: [pattern] }).catch(() => false);
          await this.#showGranted();
        }),
      ),
    );
    setHidden("granted-none", single.length > 0 || this.#all.checked);
  }
}
