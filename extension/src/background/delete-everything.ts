// Forgets everything that this extension keeps: settings, chats, counts, the calibration, and what it was allowed. What the
// host keeps, the options page has it delete first.

import { closeHost } from "./host-pipe";
import { tellEngine } from "./notify";

export async function deleteEverything(): Promise<void> {
  closeHost();
  // The engine page keeps phrases; where it is not there, nothing holds their database open.
  if (!(await tellEngine("forget"))) indexedDB.deleteDatabase("sotto-phrases");
  await chrome.storage.local.clear();
  await chrome.storage.session.clear();
  await chrome.action.setBadgeText({ text: "" });
  const { permissions = [], origins = [] } = await chrome.permissions.getAll();
  const required = chrome.runtime.getManifest();
  const kept = new Set<string>([...(required.permissions ?? []), ...(required.host_permissions ?? [])]);
  // Which sites were allowed is something about the user, too.
  await Promise.all([
    ...permissions.filter((name) => !kept.has(name)).map((name) => remove({ permissions: [name] })),
    ...origins.filter((origin) => !kept.has(origin)).map((origin) => remove({ origins: [origin] })),
  ]);
}

async function remove(permissions: chrome.permissions.Permissions): Promise<void> {
  // What a policy of the browser grants cannot be given back.
  await chrome.permissions.remove(permissions).catch(() => false);
}
