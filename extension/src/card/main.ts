// The summary card's script: injected into a page when the user asks for a summary there, and at no other time. Opens the
// card on order of the service worker; a second order while it is open replaces what it shows.

import type { CardOrder } from "../shared/messages";
import { Card } from "./card";

const STARTED = "__sottoCardStarted";

let card: Card | undefined;

const scope = globalThis as typeof globalThis & { [STARTED]?: boolean };
if (!scope[STARTED]) {
  scope[STARTED] = true;
  // Cut off by an update, an earlier version may have left one.
  for (const leftover of document.querySelectorAll("sotto-card")) leftover.remove();
  chrome.runtime.onMessage.addListener((message: { type?: string; order?: CardOrder }, sender, respond) => {
    // Orders come from the service worker, which has no tab.
    if (message.type !== "sotto.card" || sender.id !== chrome.runtime.id || sender.tab || !message.order) return;
    card?.close();
    card = new Card(message.order);
    respond({ ok: true, value: {} });
  });
}
