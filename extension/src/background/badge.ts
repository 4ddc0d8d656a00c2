// The badge on the toolbar button: "off" while Sotto is off everywhere, "!" when the engine could not start,
// "n/a" on a tab whose editor is not supported.

import { t } from "../shared/i18n";
import type { EngineStatus } from "../shared/protocol";
import { readSettings } from "../shared/settings-store";

/** In storage.session: outlives this worker, not the browser. */
const FAILED_KEY = "engineFailed";

const COLOUR_OFF = "#6b7280";
const COLOUR_FAILED = "#b3261e";

/** Draws the badge; with a status, remembers whether the engine failed. */
export async function showBadge(status?: EngineStatus): Promise<void> {
  if (status) await chrome.storage.session.set({ [FAILED_KEY]: status.type === "failed" });
  const { enabled } = await readSettings();
  const failed = (await chrome.storage.session.get(FAILED_KEY))[FAILED_KEY] === true;
  const [text, colour, title] = !enabled
    ? [t("badgeOff"), COLOUR_OFF, t("titleOff")]
    : failed
      ? ["!", COLOUR_FAILED, t("titleFailed")]
      : ["", COLOUR_OFF, t("appName")];
  await chrome.action.setBadgeText({ text });
  await chrome.action.setBadgeBackgroundColor({ color: colour });
  await chrome.action.setTitle({ title });
}

/** Says on this tab's button that its editor is not supported; the browser takes it off when the tab goes elsewhere. */
export async function showUnsupported(tabId: number | undefined): Promise<void> {
  if (tabId === undefined) return;
  await chrome.action.setBadgeText({ tabId, text: t("badgeUnsupported") });
  await chrome.action.setBadgeBackgroundColor({ tabId, color: COLOUR_OFF });
  await chrome.action.setTitle({ tabId, title: t("siteCanvasEditor") });
}

/** Says on this tab's button that its page takes no card; the browser takes it off when the tab goes elsewhere. */
export async function showCannotSummarize(tabId: number): Promise<void> {
  // The tab may be gone by now.
  await Promise.all([
    chrome.action.setBadgeText({ tabId, text: t("badgeUnsupported") }),
    chrome.action.setBadgeBackgroundColor({ tabId, color: COLOUR_OFF }),
    chrome.action.setTitle({ tabId, title: t("summarizeClosedPage") }),
  ]).catch(() => undefined);
}
