// The service worker. It may be stopped after any event: every listener is registered at top level, state lives in the
// stores, and start-up work hangs on one promise. It is not on the path of a suggestion: content scripts talk to the
// engine page directly, and only need this worker to have that page made.

import { onSettingsChanged } from "../shared/settings-store";
import { showBadge } from "./badge";
import { grantsAdded, grantsRemoved } from "./grants";
import { closeHost } from "./host-pipe";
import { tellContentScripts, tellEngine } from "./notify";
import { injectIntoOpenTabs, syncRegistration } from "./registration";
import { routeMessage } from "./router";
import { createMenu, SUMMARIZE, summarizeSelection } from "./summarize";

const ready = start();

async function start(): Promise<void> {
  // Content scripts need nothing of the store: what they may know, they are told.
  await chrome.storage.local.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" });
  await syncRegistration();
  await showBadge();
}

chrome.runtime.onInstalled.addListener(({ reason }) => {
  void createMenu();
  void ready.then(async () => {
    await injectIntoOpenTabs();
    if (reason === "install") await chrome.tabs.create({ url: chrome.runtime.getURL("onboarding.html") });
  });
});

// Wakes the worker with the browser, so that the registration is checked before the first page.
chrome.runtime.onStartup.addListener(() => void ready);

chrome.permissions.onAdded.addListener(() => void ready.then(grantsAdded));
chrome.permissions.onRemoved.addListener(() => void ready.then(grantsRemoved));

onSettingsChanged((settings, before) => {
  void ready.then(async () => {
    await syncRegistration();
    await showBadge();
    await injectIntoOpenTabs();
    await tellContentScripts();
    if (settings.backend !== before.backend) await tellEngine("backendPreference");
    if (!settings.useHost) closeHost();
    const isSame = (["personal", "trainsByItself", "phrases", "usesAdapter", "adapterInUse", "useHost"] as const).every(
      (name) => settings[name] === before[name],
    );
    if (!isSame) await tellEngine("personalChanged");
  });
});

chrome.runtime.onMessage.addListener((message, sender, respond) => routeMessage(message, sender, ready, respond));

chrome.contextMenus.onClicked.addListener(({ menuItemId, frameId, selectionText }, tab) => {
  if (menuItemId === SUMMARIZE) void summarizeSelection(tab, { frameId, menuText: selectionText });
});

chrome.commands.onCommand.addListener((command, tab) => {
  if (command === SUMMARIZE) void summarizeSelection(tab);
});
