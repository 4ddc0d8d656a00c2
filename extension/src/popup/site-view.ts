// The switches of the popup: everywhere, and on the site of the active tab.

import { byId, kbdCaps, setText } from "../shared/dom";
import { silenceReason } from "../shared/engine-text";
import { t } from "../shared/i18n";
import { keyCaps } from "../shared/key-bindings";
import type { Inspection, Reply } from "../shared/messages";
import { isMac } from "../shared/platform";
import type { Settings } from "../shared/settings";
import { onSettingsChanged, readSettings, updateSettings } from "../shared/settings-store";
import { isGranted, requestSite, setSiteOff } from "../shared/site-access";
import { type SiteKind, siteKind, siteName, webOrigin } from "../shared/sites";

export class SiteView {
  readonly #everywhere = byId("everywhere", HTMLInputElement);
  readonly #site = byId("site-switch", HTMLInputElement);
  #tabId: number | undefined;
  #origin: string | undefined;
  #kind: SiteKind = "closed";

  async start(): Promise<void> {
    const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
    this.#tabId = tab?.id;
    this.#origin = webOrigin(tab?.url);
    this.#kind = siteKind(tab?.url);
    this.#everywhere.addEventListener("change", () => {
      void updateSettings((settings) => ({ ...settings, enabled: this.#everywhere.checked }));
    });
    this.#site.addEventListener("change", () => void this.#siteToggled());
    onSettingsChanged((settings) => void this.#show(settings));
    chrome.permissions.onAdded.addListener(() => void this.#refresh());
    chrome.permissions.onRemoved.addListener(() => void this.#refresh());
    await this.#refresh();
  }

  async #siteToggled(): Promise<void> {
    const origin = this.#origin;
    if (!origin) return;
    if (this.#site.checked) {
      // First of all: the permission prompt needs the click, and the popup may close under it.
      const asked = requestSite(origin);
      await setSiteOff(origin, false);
      await asked.catch(() => false);
    } else {
      await setSiteOff(origin, true);
    }
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    await this.#show(await readSettings());
  }

  async #show(settings: Settings): Promise<void> {
    this.#everywhere.checked = settings.enabled;
    setText("everywhere-note", settings.enabled ? t("everywhereOn") : t("everywhereOff"));
    this.#showKeys(settings);

    const origin = this.#origin;
    const usable = this.#kind === "web" && origin !== undefined;
    this.#site.disabled = !usable || !settings.enabled;
    setText("site-label", origin ? t("siteLabel", siteName(origin)) : t("siteLabelNone"));
    if (!usable) {
      this.#site.checked = false;
      setText("site-note", this.#kind === "canvasEditor" ? t("siteCanvasEditor") : t("siteClosed"));
      return;
    }
    const granted = await isGranted(origin);
    const off = settings.offSites.includes(origin);
    this.#site.checked = granted && !off;
    setText("site-note", this.#note(settings.enabled, granted, off));
    if (settings.enabled && granted && !off) await this.#explainSilence();
  }

  #note(enabled: boolean, granted: boolean, off: boolean): string {
    if (!enabled) return t("siteGlobalOff");
    if (off) return t("siteOff");
    return granted ? t("siteOn") : t("siteNotGranted");
  }

  /** Why the field on the page shows nothing, where there is something to say. */
  async #explainSilence(): Promise<void> {
    if (this.#tabId === undefined) return;
    const reply: Reply<Inspection> | undefined = await chrome.tabs
      .sendMessage(this.#tabId, { type: "sotto.inspect" }, { frameId: 0 })
      .catch(() => undefined);
    const inspection = reply?.ok ? reply.value : undefined;
    const sentence = inspection?.reason ? silenceReason(inspection.reason) : undefined;
    // What was shown before the popup took the focus.
    if (sentence) setText("site-note", sentence);
    else if (inspection?.source === "phrases") setText("site-note", t("siteFromPhrases"));
  }

  #showKeys({ keys }: Settings): void {
    const line = byId("keys", HTMLElement);
    const caps = (binding: string) => kbdCaps(keyCaps(binding, isMac()));
    line.replaceChildren(
      caps(keys.acceptAll),
      ` ${t("keyAcceptAll")} · `,
      caps(keys.acceptWord),
      ` ${t("keyAcceptWord")} · `,
      caps(keys.dismiss),
      ` ${t("keyDismiss")}`,
    );
  }
}
