// The chat as popup and side panel show it: log, composer, earlier chats. Everything can be done with the keyboard alone.

import { AssistClient } from "../shared/assist-client";
import { byId, setHidden, setText } from "../shared/dom";
import { toWireError } from "../shared/errors";
import { t } from "../shared/i18n";
import { MAX_CHAT_UTF16 } from "../shared/protocol";
import { ChatController } from "./chat-controller";
import { type ChatLog, runningEntry } from "./chat-log";
import { onCurrentChanged, readCurrent, writeCurrent } from "./chat-store";
import { EarlierChats } from "./earlier-chats";
import { makeMarkdown } from "./markdown";
import { MessageView } from "./message-view";
import { movedBeside, onHandOver } from "./move-beside";
import { readFrontPage } from "./page-source";

export class ChatView {
  readonly #render = makeMarkdown(window);
  readonly #log = byId("chat-log", HTMLOListElement);
  readonly #form = byId("chat-form", HTMLFormElement);
  readonly #input = byId("chat-input", HTMLTextAreaElement);
  readonly #usePage = byId("chat-use-page", HTMLInputElement);
  readonly #controller: ChatController;
  readonly #earlier: EarlierChats;
  #last: MessageView | undefined;
  #frame = 0;

  private constructor(chat: ChatLog | undefined) {
    this.#controller = new ChatController(
      { client: new AssistClient(), write: writeCurrent, changed: (what) => this.#changed(what) },
      chat,
    );
    this.#earlier = new EarlierChats((earlier) => this.#controller.open(earlier));
    this.#input.maxLength = MAX_CHAT_UTF16;
    this.#listen();
    onCurrentChanged((raw) => this.#controller.stored(raw));
    onHandOver(() => this.#controller.askCloud());
    this.#changed("all");
  }

  static async start(): Promise<ChatView> {
    return new ChatView(await readCurrent());
  }

  focus(): void {
    this.#input.focus();
  }

  #listen(): void {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#controller.isBusy) this.#controller.stop();
      else this.#send();
    });
    this.#input.addEventListener("keydown", (event) => {
      // A key that ends a composition belongs to the input method.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      if (!this.#controller.isBusy) this.#send();
    });
    document.addEventListener("keydown", (event) => {
      // Escape closes a popup; while an answer is written it stops that first.
      if (event.key !== "Escape" || event.isComposing || !this.#controller.isBusy) return;
      event.preventDefault();
      this.#controller.stop();
    });
    byId("chat-new", HTMLButtonElement).addEventListener("click", () => {
      this.#controller.open();
      this.focus();
    });
    this.#usePage.addEventListener("change", () => void this.#pageToggled());
  }

  #send(): void {
    if (!this.#controller.send(this.#input.value)) return;
    this.#input.value = "";
  }

  async #pageToggled(): Promise<void> {
    this.#controller.setPage(undefined);
    setText("chat-page-note", "");
    if (!this.#usePage.checked) return;
    try {
      const page = await readFrontPage();
      // Taken off again in the meantime.
      if (!this.#usePage.checked) return;
      this.#controller.setPage(page);
      setText("chat-page-note", t(page.isCut ? "pageUsedCut" : "pageUsed", page.title));
    } catch (error) {
      this.#usePage.checked = false;
      setText("chat-page-note", toWireError(error, t("pageClosed")).message);
    }
  }

  #changed(what: "all" | "answer"): void {
    if (what === "answer") {
      // Once a frame is as often as anybody can see.
      this.#frame ||= requestAnimationFrame(() => {
        this.#frame = 0;
        this.#showAnswer();
      });
      return;
    }
    this.#showAll();
  }

  #showAnswer(): void {
    const entry = runningEntry(this.#controller.chat.entries);
    if (!entry) return;
    const follow = this.#isAtEnd();
    this.#last?.show(entry.state, entry.cloud ?? null, true);
    if (follow) this.#scrollToEnd();
  }

  #showAll(): void {
    const { entries } = this.#controller.chat;
    const views = entries.map(
      (entry, index) =>
        new MessageView(entry, this.#render, index === entries.length - 1, {
          retry: () => this.#retry(),
          askCloud: () => void this.#askCloud(),
          stop: () => this.#controller.stop(),
        }),
    );
    this.#last = views.at(-1);
    this.#log.replaceChildren(...views.map(({ element }) => element));
    this.#scrollToEnd();
    setHidden("chat-empty", entries.length > 0);
    const { isBusy } = this.#controller;
    setText("chat-send", isBusy ? t("stop") : t("chatSend"));
    // Read out once it is complete: word by word nobody could follow.
    const last = entries.at(-1);
    const isDone = last?.role === "assistant" && last.state.phase === "done";
    setText("chat-announcement", isDone ? last.state.text : isBusy ? t("chatWorking") : "");
    void this.#earlier.refresh(this.#controller.chat.id);
  }

  /** A toolbar popup closes when the sheet gets the focus, and with it the request: the chat moves beside the page first. */
  async #askCloud(): Promise<void> {
    if (await movedBeside()) return;
    this.#controller.askCloud();
  }

  #retry(): void {
    this.#controller.retry();
    this.focus();
  }

  #isAtEnd(): boolean {
    const { scrollTop, clientHeight, scrollHeight } = this.#log;
    return scrollTop + clientHeight >= scrollHeight - 24;
  }

  #scrollToEnd(): void {
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}
