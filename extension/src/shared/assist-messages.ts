// Checks of chat and summary requests as they arrive from our pages and cards. A card shares its process with a page, so
// none is believed unread.

import { wireError } from "./errors";
import { type PageTask, pageTask } from "./personal-checks";
import {
  type ChatMessage,
  type HostEvent,
  type HostRequest,
  MAX_CHAT_MESSAGES,
  MAX_CHAT_UTF16,
  MAX_SUMMARIZE_UTF16,
  type PageText,
  type SummaryLength,
  type WireError,
} from "./protocol";
import { webOrigin } from "./sites";
import { isId, record } from "./unread";

type Of<T extends HostRequest["type"]> = Extract<HostRequest, { type: T }>;

/** Work for a model. */
export type TextRequest = Of<"summarize" | "chat">;
/** What only the host can do. */
export type HostOnlyRequest =
  | Of<
      | "status"
      | "revoke"
      | "unlockKey"
      | "listAudit"
      | "verifyAudit"
      | "checkUpdates"
      | "applyUpdates"
      | "deleteEverything"
    >
  | PersonalRequest;
/** About personalisation, as far as pages may ask. */
export interface PersonalRequest extends Of<"personal"> {
  task: PageTask;
}
/** What may be asked; `hello` is the host link's own business. */
export type AssistRequest = TextRequest | HostOnlyRequest;
/** What a tier is given. An `escalate` is made by the router, from an offer that it made itself. */
export type TierRequest = AssistRequest | Of<"escalate" | "offerPack" | "readPack" | "personal">;

/** Takes an offer up: the text that was answered is put to the endpoint, if the user agrees to what would be sent. */
export interface AskCloud {
  type: "askCloud";
  id: number;
  /** As it came with the offer. */
  offer: string;
}

/** A chat says where its page is from. What a card is about, the browser says. */
export type AssistMessage = (AssistRequest & { site?: string | null }) | AskCloud | Of<"cancel">;

/** To an asker. With a decision for the endpoint comes the name of the offer. */
export type AssistEvent =
  | Exclude<HostEvent, { type: "decision" }>
  | (Extract<HostEvent, { type: "decision" }> & { offer?: string | null });

export type CheckedMessage =
  /** `site` is an origin, as the sender says. */
  | { ok: true; value: AssistRequest | AskCloud | Of<"cancel">; site: string | null }
  | { ok: false; id: number; error: WireError };

export const SUMMARY_LENGTHS: readonly SummaryLength[] = ["short", "medium", "long"];

/** Longest passphrase that is passed on. */
const MAX_PASSPHRASE_UTF16 = 1_000;

/** A message of the protocol within its limits, or the error to answer with. Never quotes what was sent. */
export function checkAssistMessage(message: unknown): CheckedMessage {
  const raw = record(message);
  const { id } = raw;
  if (!isId(id)) return bad(0, "A request needs an id.");
  const good = (value: AssistRequest | AskCloud | Of<"cancel">): CheckedMessage => ({ ok: true, value, site: null });
  switch (raw.type) {
    case "cancel":
    case "status":
    case "verifyAudit":
    case "deleteEverything":
      return good({ type: raw.type, id });
    case "listAudit": {
      const { before, limit } = raw;
      return (before === null || isId(before)) && isId(limit)
        ? good({ type: "listAudit", id, before, limit })
        : bad(id, "Unknown records.");
    }
    case "checkUpdates":
    case "applyUpdates":
      return isId(raw.browserVersion)
        ? good({ type: raw.type, id, browserVersion: raw.browserVersion })
        : bad(id, "Unknown version.");
    case "personal": {
      const task = pageTask(raw.task);
      return task ? good({ type: "personal", id, task }) : bad(id, "Unknown task.");
    }
    case "revoke":
      return raw.site === null || typeof raw.site === "string"
        ? good({ type: "revoke", id, site: raw.site })
        : bad(id, "Unknown site.");
    case "unlockKey":
      return typeof raw.passphrase === "string" && raw.passphrase.length <= MAX_PASSPHRASE_UTF16
        ? good({ type: "unlockKey", id, passphrase: raw.passphrase })
        : bad(id, "Unknown passphrase.");
    case "askCloud":
      return typeof raw.offer === "string"
        ? good({ type: "askCloud", id, offer: raw.offer })
        : bad(id, "Unknown offer.");
    case "summarize": {
      const { text } = raw;
      if (typeof text !== "string") return bad(id, "A summary needs a text.");
      if (text.length > MAX_SUMMARIZE_UTF16) return tooLarge(id, "The text is too long to summarise.");
      const length = SUMMARY_LENGTHS.find((known) => known === raw.length) ?? "medium";
      return good({ type: "summarize", id, text, length });
    }
    case "chat":
      return checkChat(id, raw);
    default:
      return bad(id, "Unknown request.");
  }
}

function checkChat(id: number, raw: Record<string, unknown>): CheckedMessage {
  if (!Array.isArray(raw.messages) || raw.messages.length === 0) return bad(id, "A chat needs messages.");
  if (raw.messages.length > MAX_CHAT_MESSAGES) return tooLarge(id, "The chat has too many messages.");
  const messages: ChatMessage[] = [];
  let size = 0;
  for (const entry of raw.messages) {
    const { role, text } = record(entry);
    if ((role !== "user" && role !== "assistant") || typeof text !== "string") return bad(id, "Unknown chat message.");
    size += text.length;
    messages.push({ role, text });
  }
  if (size > MAX_CHAT_UTF16) return tooLarge(id, "The chat is too long.");
  if (messages.at(-1)?.role !== "user") return bad(id, "The last message of a chat is the user's.");
  let page: PageText | null = null;
  if (raw.page !== null && raw.page !== undefined) {
    const { title, text } = record(raw.page);
    if (typeof title !== "string" || typeof text !== "string") return bad(id, "Unknown page.");
    if (title.length + text.length > MAX_SUMMARIZE_UTF16) return tooLarge(id, "The page is too long.");
    page = { title, text };
  }
  const site = page !== null && typeof raw.site === "string" ? (webOrigin(raw.site) ?? null) : null;
  return { ok: true, value: { type: "chat", id, messages, page }, site };
}

function bad(id: number, message: string): CheckedMessage {
  return { ok: false, id, error: wireError("badRequest", message) };
}

function tooLarge(id: number, message: string): CheckedMessage {
  return { ok: false, id, error: wireError("tooLarge", message) };
}
