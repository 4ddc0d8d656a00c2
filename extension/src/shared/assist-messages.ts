// Checks of chat and summary messages as they arrive: requests from our pages and cards, events from a host. A host is
// another program, perhaps of another version; a card shares its process with a page. Neither is believed unread.

import { wireError } from "./errors";
import {
  type AnswerInfo,
  type ChatMessage,
  type HostEvent,
  type HostRequest,
  type HostStatus,
  MAX_CHAT_MESSAGES,
  MAX_CHAT_UTF16,
  MAX_SUMMARIZE_UTF16,
  type PageText,
  type SummaryLength,
  type WireError,
} from "./protocol";

/** What may be asked; `hello` is the host link's own business. */
export type AssistRequest = Extract<HostRequest, { type: "summarize" | "chat" | "status" }>;
export type AssistMessage = AssistRequest | Extract<HostRequest, { type: "cancel" }>;

export type CheckedMessage = { ok: true; value: AssistMessage } | { ok: false; id: number; error: WireError };

export const SUMMARY_LENGTHS: readonly SummaryLength[] = ["short", "medium", "long"];

/** A message of the protocol within its limits, or the error to answer with. Never quotes what was sent. */
export function checkAssistMessage(message: unknown): CheckedMessage {
  const raw = record(message);
  const { id } = raw;
  if (!isId(id)) return bad(0, "A request needs an id.");
  switch (raw.type) {
    case "cancel":
    case "status":
      return { ok: true, value: { type: raw.type, id } };
    case "summarize": {
      const { text } = raw;
      if (typeof text !== "string") return bad(id, "A summary needs a text.");
      if (text.length > MAX_SUMMARIZE_UTF16) return tooLarge(id, "The text is too long to summarise.");
      const length = SUMMARY_LENGTHS.find((known) => known === raw.length) ?? "medium";
      return { ok: true, value: { type: "summarize", id, text, length } };
    }
    case "chat":
      return checkChat(id, raw);
    default:
      return bad(id, "Unknown request.");
  }
}

/** An event of the protocol, or the id of the request that it seems to belong to (0 if there is none). */
export function checkHostEvent(message: unknown): { ok: true; event: HostEvent } | { ok: false; id: number } {
  const raw = record(message);
  const id = isId(raw.id) ? raw.id : 0;
  const event = isId(raw.id) ? eventOf(raw, id) : undefined;
  return event ? { ok: true, event } : { ok: false, id };
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
  return { ok: true, value: { type: "chat", id, messages, page } };
}

function eventOf(raw: Record<string, unknown>, id: number): HostEvent | undefined {
  switch (raw.type) {
    case "welcome":
      return typeof raw.protocol === "number" && typeof raw.host === "string"
        ? { type: "welcome", id, protocol: raw.protocol, host: raw.host, capabilities: capabilities(raw.capabilities) }
        : undefined;
    case "status":
      return isStatus(raw.status) ? { type: "status", id, status: raw.status } : undefined;
    case "progress":
      return typeof raw.done === "number" && typeof raw.total === "number"
        ? { type: "progress", id, done: raw.done, total: raw.total }
        : undefined;
    case "delta":
      return typeof raw.text === "string" ? { type: "delta", id, text: raw.text } : undefined;
    case "done":
      return isAnswer(raw.answer) ? { type: "done", id, answer: raw.answer } : undefined;
    case "error":
      return isError(raw.error) ? { type: "error", id, error: raw.error } : undefined;
    default:
      return undefined;
  }
}

function capabilities(raw: unknown): Extract<HostEvent, { type: "welcome" }>["capabilities"] {
  // A newer host may name more than we know.
  return Array.isArray(raw) ? raw.filter((name) => name === "summarize" || name === "chat" || name === "cloud") : [];
}

function isStatus(value: unknown): value is HostStatus {
  const { model, isAbstractive, device, reason, memoryLimitMib, sandbox } = record(value);
  return (
    [model, device, reason, sandbox].every((text) => typeof text === "string") &&
    typeof isAbstractive === "boolean" &&
    typeof memoryLimitMib === "number"
  );
}

function isAnswer(value: unknown): value is AnswerInfo {
  const { engine, kind, stop, isInputCut, fallback, timing } = record(value);
  const { tier, model, device, reason } = record(engine);
  return (
    (tier === "browser" || tier === "host" || tier === "cloud") &&
    [model, device, reason, fallback].every((text) => typeof text === "string") &&
    (kind === "abstractive" || kind === "extractive" || kind === "reply") &&
    (stop === "complete" || stop === "length" || stop === "repetition") &&
    typeof isInputCut === "boolean" &&
    ["firstTokenMs", "totalMs", "promptTokens", "tokens", "tokensPerS"].every(
      (name) => typeof record(timing)[name] === "number",
    )
  );
}

/** A newer host may have codes that we do not know; its sentence still says what happened. */
function isError(value: unknown): value is WireError {
  const { code, message, retryable } = record(value);
  return typeof code === "string" && typeof message === "string" && typeof retryable === "boolean";
}

function bad(id: number, message: string): CheckedMessage {
  return { ok: false, id, error: wireError("badRequest", message) };
}

function tooLarge(id: number, message: string): CheckedMessage {
  return { ok: false, id, error: wireError("tooLarge", message) };
}

function record(value: unknown): Record<string, unknown> {
  return (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
}

/** Ids are u32; 0 is the host's word for "a message that I could not read". */
function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}
