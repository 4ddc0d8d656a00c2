// A conversation as it is shown and kept, and as it is sent. Pure.

import { type AnswerState, isRunning, newAnswer } from "../shared/answer-state";
import { isErrorCode } from "../shared/errors";
import { checkHostEvent } from "../shared/host-events";
import { type ChatMessage, MAX_CHAT_MESSAGES, MAX_CHAT_UTF16 } from "../shared/protocol";

/** `cloud` is the endpoint's answer to the same question, which the user asked for. */
export type ChatEntry =
  | { role: "user"; text: string }
  | { role: "assistant"; state: AnswerState; cloud?: AnswerState | null };

export interface ChatLog {
  id: string;
  /** Milliseconds since 1970. */
  startedMs: number;
  /** Oldest first. */
  entries: ChatEntry[];
}

export function newChat(nowMs: number): ChatLog {
  return { id: crypto.randomUUID(), startedMs: nowMs, entries: [] };
}

/** What to call a chat in a list: its first words. */
export function chatTitle({ entries }: ChatLog, max = 60): string {
  const first = entries.find((entry) => entry.role === "user");
  const words = first?.role === "user" ? first.text.replace(/\s+/g, " ").trim() : "";
  return words.length > max ? `${words.slice(0, max - 1).trimEnd()}…` : words;
}

/**
 * The messages to send: turns alternate and begin and end with the user's, because chat templates expect it, and the
 * oldest are left out where they would not fit. Empty if the last message alone is too long.
 */
export function conversation(entries: readonly ChatEntry[]): { messages: ChatMessage[]; isCut: boolean } {
  const turns: ChatMessage[] = [];
  for (const entry of entries) {
    const text = entry.role === "user" ? entry.text : bestOf(entry).text;
    if (text.trim() === "") continue;
    const last = turns.at(-1);
    // A question that got no answer, and the next one.
    if (last?.role === entry.role) last.text += `\n\n${text}`;
    else turns.push({ role: entry.role, text });
  }
  while (turns.length > 0 && turns.at(-1)?.role !== "user") turns.pop();
  let first = turns.length;
  let size = 0;
  while (first > 0 && turns.length - first < MAX_CHAT_MESSAGES) {
    size += turns[first - 1]?.text.length ?? 0;
    if (size > MAX_CHAT_UTF16) break;
    first -= 1;
  }
  while (first < turns.length && turns[first]?.role !== "user") first += 1;
  return { messages: turns.slice(first), isCut: first > 0 };
}

/** A chat from whatever a store holds; undefined if it is none. An answer that was being written has been interrupted. */
export function parseChat(raw: unknown): ChatLog | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const { id, startedMs, entries } = raw as Record<string, unknown>;
  if (typeof id !== "string" || typeof startedMs !== "number" || !Array.isArray(entries)) return undefined;
  return { id, startedMs, entries: entries.flatMap((entry) => parseEntry(entry) ?? []) };
}

/** What the conversation goes on from. */
function bestOf({ state, cloud }: Extract<ChatEntry, { role: "assistant" }>): AnswerState {
  return cloud?.phase === "done" ? cloud : state;
}

function parseEntry(raw: unknown): ChatEntry | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const { role, text, state, cloud } = raw as Record<string, unknown>;
  if (role === "user") return typeof text === "string" ? { role, text } : undefined;
  const local = role === "assistant" ? parseState(state) : undefined;
  return local && { role: "assistant", state: local, cloud: parseState(cloud) ?? null };
}

function parseState(raw: unknown): AnswerState | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const stored = raw as Partial<AnswerState>;
  if (typeof stored.text !== "string") return undefined;
  const done = checkHostEvent({ type: "done", id: 1, answer: stored.answer });
  const answer = done.ok && done.event.type === "done" ? done.event.answer : null;
  const error = stored.error && isErrorCode(stored.error.code) ? stored.error : null;
  const phase = answer ? "done" : error ? "failed" : "stopped";
  // An offer is the engine page's to keep or forget; one that it forgot says so.
  const offer = typeof stored.offer === "string" ? stored.offer : null;
  const decision = offer !== null ? (stored.decision ?? null) : null;
  return { ...newAnswer(), phase, text: stored.text, answer, error, decision, offer };
}

/** Whether another page is still at work on a stored chat. */
export function isBeingWritten(raw: unknown): boolean {
  const { entries } = raw as { entries?: unknown };
  const last: unknown = Array.isArray(entries) ? entries.at(-1) : undefined;
  const { state, cloud } = (typeof last === "object" && last !== null ? last : {}) as {
    state?: Partial<AnswerState>;
    cloud?: Partial<AnswerState> | null;
  };
  return [state, cloud].some((one) => one?.phase === "waiting" || one?.phase === "streaming");
}

/** The entry that is being written, if one is. */
export function runningEntry(entries: readonly ChatEntry[]): Extract<ChatEntry, { role: "assistant" }> | undefined {
  const last = entries.at(-1);
  if (last?.role !== "assistant") return undefined;
  return [last.state, last.cloud].some((state) => state && isRunning(state)) ? last : undefined;
}
