// What the chat does, without its looks: sends, follows the answer, stops, tries again, keeps. One answer at a time.

import { type AnswerState, isRunning, newAnswer, withEvent } from "../shared/answer-state";
import type { AssistClient, NewRequest } from "../shared/assist-client";
import type { AssistEvent } from "../shared/assist-messages";
import { wireError } from "../shared/errors";
import { t } from "../shared/i18n";
import { type ChatLog, conversation, isBeingWritten, newChat, parseChat } from "./chat-log";
import type { SitePage } from "./page-source";

/** A chat as it is stored: with the page that wrote it, so that a page knows its own words when it hears of them. */
export type StoredChat = ChatLog & { writer: string };

export interface ControllerParts {
  client: Pick<AssistClient, "request" | "close">;
  write(chat: StoredChat): Promise<void>;
  /** The chat changed: all of it, or (`answer`) only the text that is being written. */
  changed(what: "all" | "answer"): void;
}

/** While an answer comes in, it is stored this often: a popup may close at any moment. */
const STORE_MS = 500;

export class ChatController {
  readonly #parts: ControllerParts;
  readonly #writer = crypto.randomUUID();
  #chat: ChatLog;
  #page: SitePage | undefined;
  #cancel: (() => void) | undefined;
  #storeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: ControllerParts, chat: ChatLog | undefined) {
    this.#parts = parts;
    this.#chat = chat ?? newChat(Date.now());
  }

  get chat(): ChatLog {
    return this.#chat;
  }

  get isBusy(): boolean {
    return this.#cancel !== undefined;
  }

  /** The page to talk about; undefined for none. */
  setPage(page: SitePage | undefined): void {
    this.#page = page;
  }

  /** Asks; false if there is nothing to ask or an answer is still coming. */
  send(text: string): boolean {
    if (this.isBusy || text.trim() === "") return false;
    this.#chat.entries.push({ role: "user", text: text.trim() });
    this.#answer();
    return true;
  }

  /** Asks again for the last answer. */
  retry(): void {
    if (this.isBusy || this.#chat.entries.at(-1)?.role !== "assistant") return;
    this.#chat.entries.pop();
    this.#answer();
  }

  /** Puts the last question to the endpoint, as far as the user agrees to that in the sheet. */
  askCloud(): void {
    const chat = this.#chat;
    const entry = chat.entries.at(-1);
    if (this.isBusy || entry?.role !== "assistant" || entry.state.offer === null) return;
    const { offer } = entry.state;
    entry.cloud = newAnswer();
    this.#follow(chat, { type: "askCloud", offer }, (event) => {
      entry.cloud = withEvent(entry.cloud ?? newAnswer(), event);
      return entry.cloud;
    });
  }

  stop(): void {
    this.#cancel?.();
  }

  /** Another chat, or a new one. */
  open(chat?: ChatLog): void {
    const cancel = this.#cancel;
    // First, so that the end of the old answer stores nothing: its chat may just have been deleted.
    this.#chat = chat ?? newChat(Date.now());
    cancel?.();
    this.#store();
    this.#parts.changed("all");
  }

  /**
   * Another page of ours changed what is stored; undefined if it was deleted. An answer of our own goes first, and so does
   * another chat that is on screen here: it must not turn into that one while somebody reads it.
   */
  stored(raw: unknown): void {
    const chat = parseChat(raw);
    if (!chat) {
      this.open();
      return;
    }
    const isOwn = (raw as Partial<StoredChat>).writer === this.#writer;
    const isFresh = chat.entries.length === 0 || this.#chat.entries.length === 0;
    const continuesOurs = isFresh || chat.id === this.#chat.id;
    if (this.isBusy || isBeingWritten(raw) || isOwn || !continuesOurs) return;
    this.#chat = chat;
    this.#parts.changed("all");
  }

  #answer(): void {
    const chat = this.#chat;
    const { messages } = conversation(chat.entries);
    const entry = { role: "assistant" as const, state: newAnswer() };
    chat.entries.push(entry);
    const page = this.#page ? { title: this.#page.title, text: this.#page.text } : null;
    const site = this.#page?.site ?? null;
    const request = messages.length > 0 ? ({ type: "chat", messages, page, site } as const) : undefined;
    this.#follow(chat, request, (event) => {
      entry.state = withEvent(entry.state, event);
      return entry.state;
    });
  }

  /** Sends a request and follows its answer; `enter` puts an event where it belongs. No request: the chat is too long. */
  #follow(chat: ChatLog, request: NewRequest | undefined, enter: (event: AssistEvent) => AnswerState): void {
    let running = true;
    const receive = (event: AssistEvent) => {
      running = isRunning(enter(event));
      if (!running) this.#cancel = undefined;
      if (this.#chat !== chat) return;
      if (running) this.#storeSoon();
      else this.#store();
      this.#parts.changed(running ? "answer" : "all");
    };
    if (!request) {
      receive({ type: "error", id: 0, error: wireError("tooLarge", t("chatTooLong")) });
      return;
    }
    // Set first: the answer may end while `request` is still running.
    this.#cancel = () => undefined;
    const cancel = this.#parts.client.request(request, receive);
    if (running) this.#cancel = cancel;
    this.#store();
    this.#parts.changed("all");
  }

  #storeSoon(): void {
    this.#storeTimer ??= setTimeout(() => this.#store(), STORE_MS);
  }

  #store(): void {
    clearTimeout(this.#storeTimer);
    this.#storeTimer = undefined;
    // A full store costs the history, not the chat.
    void this.#parts.write({ ...this.#chat, writer: this.#writer }).catch(() => undefined);
  }
}
