// Where the content script runs: on granted sites that are not off, in all their frames. Registered with the browser, so
// that new pages need no help of this worker; open pages get it injected at once.

import { readSettings } from "../shared/settings-store";
import { CANVAS_EDITOR_PATTERNS, excludePattern, webPatterns } from "../shared/sites";

const SCRIPT_FILE = "content.js";

let syncing: Promise<void> = Promise.resolve();

/** Brings the registration in line with grants and settings. Calls queue up: the last one sees the final state. */
export function syncRegistration(): Promise<void> {
  syncing = syncing.then(sync, sync);
  return syncing;
}

/** Injects into pages that are open already. Pages that have the script ignore the second one. */
export async function injectIntoOpenTabs(): Promise<void> {
  const { enabled, offSites } = await readSettings();
  const matches = await grantedPatterns();
  if (!enabled || matches.length === 0) return;
  const tabs = await chrome.tabs.query({ url: matches });
  const off = new Set(offSites);
  await Promise.all(
    tabs.map(async ({ id, url }) => {
      if (id === undefined || !url || off.has(new URL(url).origin)) return;
      await injectIntoFrames(id);
    }),
  );
}

/**
 * Injects into every frame of a tab whose page is on. The registration leaves out frames of sites that are off, because
 * a pattern cannot say "off as a page, but not inside another one"; a frame follows the page around it.
 */
export async function injectIntoFrames(tabId: number): Promise<void> {
  // Fails on error pages and on sites that are closed to extensions: nothing to do about either.
  await chrome.scripting
    .executeScript({ target: { tabId, allFrames: true }, files: [SCRIPT_FILE], injectImmediately: true })
    .catch(() => undefined);
}

export async function grantedPatterns(): Promise<string[]> {
  const { origins = [] } = await chrome.permissions.getAll();
  return webPatterns(origins);
}

async function sync(): Promise<void> {
  const { enabled, offSites } = await readSettings();
  const matches = enabled ? await grantedPatterns() : [];
  const scripts = matches.length > 0 ? [suggestions(matches, offSites), unsupportedNotice(offSites)] : [];
  const registered = new Set((await chrome.scripting.getRegisteredContentScripts()).map(({ id }) => id));
  const wanted = new Set(scripts.map(({ id }) => id));
  const stale = [...registered].filter((id) => !wanted.has(id));
  if (stale.length > 0) await chrome.scripting.unregisterContentScripts({ ids: stale });
  const known = scripts.filter(({ id }) => registered.has(id));
  if (known.length > 0) await chrome.scripting.updateContentScripts(known);
  const added = scripts.filter(({ id }) => !registered.has(id));
  if (added.length > 0) await chrome.scripting.registerContentScripts(added);
}

function suggestions(matches: string[], offSites: string[]): chrome.scripting.RegisteredContentScript {
  return {
    id: "sotto-content",
    js: [SCRIPT_FILE],
    matches,
    excludeMatches: [...CANVAS_EDITOR_PATTERNS, ...offSites.map(excludePattern)],
    allFrames: true,
    // Editors in about:blank frames, as TinyMCE makes them.
    matchOriginAsFallback: true,
    // Early: a password field has to be seen before its page turns it into a text field.
    runAt: "document_start",
    persistAcrossSessions: true,
  };
}

/** On editors that we cannot work in, the script asks once, is told so, and the toolbar button says it too. */
function unsupportedNotice(offSites: string[]): chrome.scripting.RegisteredContentScript {
  const excludeMatches = offSites.map(excludePattern);
  return {
    id: "sotto-unsupported",
    js: [SCRIPT_FILE],
    matches: [...CANVAS_EDITOR_PATTERNS],
    ...(excludeMatches.length > 0 ? { excludeMatches } : {}),
    runAt: "document_idle",
    persistAcrossSessions: true,
  };
}
