// What our pages do with sites: grant, take back, switch off. Grants are the browser's; the off list is ours and wins.

import { updateSettings } from "./settings-store";
import { ALL_SITES, grantPattern } from "./sites";

/** Asks the browser for one site. Must run in the handler of a click. */
export function requestSite(origin: string): Promise<boolean> {
  return chrome.permissions.request({ origins: [grantPattern(origin)] });
}

/** Asks the browser for every site. Must run in the handler of a click. */
export function requestAllSites(): Promise<boolean> {
  return chrome.permissions.request({ origins: [...ALL_SITES] });
}

export function isGranted(origin: string): Promise<boolean> {
  return chrome.permissions.contains({ origins: [grantPattern(origin)] });
}

export async function setSiteOff(origin: string, off: boolean): Promise<void> {
  await updateSettings((settings) => {
    const others = settings.offSites.filter((site) => site !== origin);
    return { ...settings, offSites: off ? [...others, origin] : others };
  });
}
