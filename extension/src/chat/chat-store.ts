// Where chats are: the current one in session storage, which ends with the browser; others only if the user asked to keep
// them, in local storage. Content scripts can read neither.

import { readSettings } from "../shared/settings-store";
import type { StoredChat } from "./chat-controller";
import { type ChatLog, parseChat } from "./chat-log";

const CURRENT_KEY = "chat";
const KEPT_KEY = "chats";

/** Kept chats; the oldest go first. */
const MAX_KEPT = 50;

/** The extension's local storage holds 10 MiB, settings and all. */
const MAX_KEPT_UTF16 = 2_000_000;

export async function readCurrent(): Promise<ChatLog | undefined> {
  return parseChat((await chrome.storage.session.get(CURRENT_KEY))[CURRENT_KEY]);
}

/** Calls back when the current chat was changed, by whomever; with undefined when it was deleted. */
export function onCurrentChanged(callback: (raw: unknown) => void): void {
  chrome.storage.onChanged.addListener((changes, area) => {
    const change = changes[CURRENT_KEY];
    if (area === "session" && change) callback(change.newValue);
  });
}

/** Stores the current chat, and keeps it if the user wants that. */
export async function writeCurrent(chat: StoredChat): Promise<void> {
  await chrome.storage.session.set({ [CURRENT_KEY]: chat });
  const { keepChats } = await readSettings();
  if (!keepChats || chat.entries.length === 0) return;
  const others = (await readKept()).filter(({ id }) => id !== chat.id);
  await chrome.storage.local.set({ [KEPT_KEY]: withinLimits([chat, ...others]) });
}

/** Newest first. */
export async function readKept(): Promise<ChatLog[]> {
  const stored = (await chrome.storage.local.get(KEPT_KEY))[KEPT_KEY];
  return Array.isArray(stored) ? stored.flatMap((raw) => parseChat(raw) ?? []) : [];
}

export async function deleteKept(id: string): Promise<void> {
  await chrome.storage.local.set({ [KEPT_KEY]: (await readKept()).filter((chat) => chat.id !== id) });
}

/** Everything, the current chat included. */
export async function deleteAllChats(): Promise<void> {
  await chrome.storage.local.remove(KEPT_KEY);
  await chrome.storage.session.remove(CURRENT_KEY);
}

function withinLimits(chats: ChatLog[]): ChatLog[] {
  let size = 0;
  return chats.slice(0, MAX_KEPT).filter((chat) => {
    size += JSON.stringify(chat).length;
    return size <= MAX_KEPT_UTF16;
  });
}
