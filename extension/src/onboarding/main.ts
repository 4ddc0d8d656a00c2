// Shown once after the installation: what Sotto does, a field to try it in (with the real content script and the real
// model), and the choice of sites.

import { byId, kbdCaps, setText } from "../shared/dom";
import { EngineLink } from "../shared/engine-link";
import { t, translate } from "../shared/i18n";
import { keyCaps } from "../shared/key-bindings";
import { isMac } from "../shared/platform";
import type { EngineStatus } from "../shared/protocol";
import { readSettings } from "../shared/settings-store";
import { requestAllSites } from "../shared/site-access";
import { grantsAllSites, webPatterns } from "../shared/sites";

translate(document);

new EngineLink(showEngine);

const button = byId("all-sites", HTMLButtonElement);
button.addEventListener("click", () => {
  void requestAllSites()
    .catch(() => false)
    .then(showGrant);
});
chrome.permissions.onAdded.addListener(() => void showGrant());
void showGrant();
void showKeys();

async function showGrant(): Promise<void> {
  const { origins = [] } = await chrome.permissions.getAll();
  const all = grantsAllSites(webPatterns(origins));
  button.disabled = all;
  setText("enable-done", all ? t("enableDone") : "");
}

async function showKeys(): Promise<void> {
  const { keys } = await readSettings();
  const caps = (binding: string) => kbdCaps(keyCaps(binding, isMac()));
  byId("try-keys", HTMLElement).replaceChildren(
    caps(keys.acceptAll),
    ` ${t("keyAcceptAll")} · `,
    caps(keys.acceptWord),
    ` ${t("keyAcceptWord")} · `,
    caps(keys.dismiss),
    ` ${t("keyDismiss")}`,
  );
}

function showEngine(status: EngineStatus): void {
  if (status.type === "loading") setText("try-state", t("engineLoading"));
  else if (status.type === "failed") setText("try-state", `${status.error.message} (${status.error.code})`);
  else setText("try-state", "");
}
