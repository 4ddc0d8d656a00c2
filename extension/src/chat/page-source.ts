// "Use this page": the readable text of the tab in front, taken with the right that opening the popup gave (activeTab).

import { SottoError, wireError } from "../shared/errors";
import { t } from "../shared/i18n";
import type { ReadPage } from "../shared/page-reader";
import { webOrigin } from "../shared/sites";

/** `site` is its origin, as the browser says. */
export type SitePage = ReadPage & { site: string | null };

/** Reads the page in front. Throws `SottoError` where the browser does not allow it, or the page has no text. */
export async function readFrontPage(): Promise<SitePage> {
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  let page: ReadPage | null | undefined;
  try {
    if (tab?.id === undefined) throw new Error("no tab");
    const target = { tabId: tab.id };
    await chrome.scripting.executeScript({ target, files: ["readable.js"], injectImmediately: true });
    const [result] = await chrome.scripting.executeScript({ target, func: () => globalThis.sottoReadPage?.() });
    page = result?.result;
  } catch (cause) {
    throw new SottoError(wireError("badRequest", t("pageClosed")), { cause });
  }
  if (!page || page.text === "") throw new SottoError(wireError("badRequest", t("pageEmpty")));
  return { ...page, site: webOrigin(tab?.url) ?? null };
}
