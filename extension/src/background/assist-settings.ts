// What the policy wants to know of the settings: the engine page cannot read the store itself.

import { t } from "../shared/i18n";
import type { AssistSettings } from "../shared/messages";
import { readSettings } from "../shared/settings-store";

export async function assistSettings(site: string | null): Promise<AssistSettings> {
  const [settings, granted] = await Promise.all([
    readSettings(),
    chrome.permissions.contains({ permissions: ["nativeMessaging"] }),
  ]);
  const useHost = settings.useHost && granted;
  const isOff = site !== null && settings.offSites.includes(site);
  const isLocalOnly = site !== null && settings.localOnlySites.includes(site);
  return {
    useHost,
    why: useHost ? "" : t("hostNotInUse"),
    cloud: settings.offerCloud ? "ask" : "off",
    siteRule: isOff ? "off" : isLocalOnly ? "localOnly" : "normal",
    ownTerms: settings.ownTerms,
  };
}
