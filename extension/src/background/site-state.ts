// May Sotto work in the tab that asks? A frame follows the page around it: the address is that of the tab, as the browser
// tells it. Without permission for that page there is no address, and no address means no.

import type { SiteState } from "../shared/messages";
import { readSettings } from "../shared/settings-store";
import { grantPattern, siteKind, webOrigin } from "../shared/sites";
import type { Sender } from "./router";

export async function siteStateOf(sender: Sender): Promise<SiteState> {
  const settings = await readSettings();
  if (!settings.enabled) return { on: false, why: "off" };
  const on: SiteState = {
    on: true,
    keys: settings.keys,
    announce: settings.announce,
    framesMayLackScript: settings.offSites.length > 0,
  };
  // The field to try things out on our own page.
  if (sender.url?.startsWith(chrome.runtime.getURL(""))) return on;
  const address = sender.tab?.url;
  const origin = webOrigin(address);
  if (!origin || settings.offSites.includes(origin)) return { on: false, why: "off" };
  if (siteKind(address) !== "web") return { on: false, why: "unsupported" };
  const granted = await chrome.permissions.contains({ origins: [grantPattern(origin)] });
  return granted ? on : { on: false, why: "off" };
}
