// Settings in chrome.storage.local. Only the service worker and our own pages use it: content scripts cannot read the
// store (the service worker restricts it at start-up), so a page that breaks out of its sandbox learns no other site.

import { isMac } from "./platform";
import { parseSettings, SETTINGS_KEY, type Settings } from "./settings";

export async function readSettings(): Promise<Settings> {
  const stored = await chrome.storage.local.get(SETTINGS_KEY);
  return parseSettings(stored[SETTINGS_KEY], isMac());
}

export async function updateSettings(change: (settings: Settings) => Settings): Promise<Settings> {
  const settings = change(await readSettings());
  await chrome.storage.local.set({ [SETTINGS_KEY]: settings });
  return settings;
}

/** Calls back on every change of the settings, with the new ones. */
export function onSettingsChanged(callback: (settings: Settings, before: Settings) => void): void {
  chrome.storage.onChanged.addListener((changes, area) => {
    const change = changes[SETTINGS_KEY];
    if (area === "local" && change) {
      callback(parseSettings(change.newValue, isMac()), parseSettings(change.oldValue, isMac()));
    }
  });
}
