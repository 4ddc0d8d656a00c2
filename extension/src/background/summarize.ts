// "Summarise selection", from the context menu or the keyboard: takes the selection of the tab as it is now, and opens a
// card on its page. The right to do so is the one that the user's click gives (activeTab); nothing runs on any page before.

import { t } from "../shared/i18n";
import type { CardOrder } from "../shared/messages";
import type { TakenSelection } from "../shared/selection";
import { showCannotSummarize } from "./badge";
import { allowCard } from "./card-documents";

export const SUMMARIZE = "summarize-selection";

/** Makes the menu's entry; the browser keeps it. */
export async function createMenu(): Promise<void> {
  await chrome.contextMenus.removeAll();
  chrome.contextMenus.create({ id: SUMMARIZE, title: t("summarizeMenu"), contexts: ["selection"] });
}

/** What the click said: in which frame, and the text as the browser has it (without its line breaks). */
export interface Invocation {
  frameId?: number | undefined;
  menuText?: string | undefined;
}

export async function summarizeSelection(tab: chrome.tabs.Tab | undefined, invocation: Invocation = {}): Promise<void> {
  const tabId = tab?.id;
  if (tabId === undefined || tabId < 0) return;
  const taken = await takeSelection(tabId, invocation);
  const order: CardOrder = taken ?? { text: "", isSecret: false, isCut: false, rect: null };
  try {
    await openCard(tabId, order);
  } catch {
    // The page is closed to extensions, or went away.
    await showCannotSummarize(tabId);
  }
}

async function takeSelection(tabId: number, { frameId, menuText }: Invocation): Promise<TakenSelection | undefined> {
  const target: chrome.scripting.InjectionTarget =
    frameId === undefined ? { tabId, allFrames: true } : { tabId, frameIds: [frameId] };
  const inFrames = await runInFrames(target).catch((): TakenSelection[] => []);
  const best = bestOf(inFrames);
  if (best && (best.text !== "" || best.isSecret)) return best;
  // A frame of another site that was not granted: what the menu says of it is all there is.
  return menuText ? { text: menuText, isSecret: false, isCut: false, rect: null, hasFocus: true } : best;
}

async function runInFrames(target: chrome.scripting.InjectionTarget): Promise<TakenSelection[]> {
  await chrome.scripting.executeScript({ target, files: ["selection.js"], injectImmediately: true });
  const results = await chrome.scripting.executeScript({ target, func: () => globalThis.sottoTakeSelection?.() });
  return results.flatMap(({ result }) => (result ? [result] : []));
}

/** The frame that the user is in, else any that has a selection. */
export function bestOf(taken: readonly TakenSelection[]): TakenSelection | undefined {
  const focused = taken.find(({ hasFocus, text, isSecret }) => hasFocus && (text !== "" || isSecret));
  return focused ?? taken.find(({ text }) => text !== "") ?? taken[0];
}

async function openCard(tabId: number, order: CardOrder): Promise<void> {
  const target = { tabId, frameIds: [0] };
  const [injected] = await chrome.scripting.executeScript({ target, files: ["card.js"], injectImmediately: true });
  if (!injected?.documentId) throw new Error("the card was not injected");
  await allowCard(injected.documentId);
  await chrome.tabs.sendMessage(tabId, { type: "sotto.card", order }, { documentId: injected.documentId });
}
