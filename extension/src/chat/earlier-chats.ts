// The chats that were kept, if the user asked for that: to open again, or to delete.

import { byId } from "../shared/dom";
import { t } from "../shared/i18n";
import { type ChatLog, chatTitle } from "./chat-log";
import { deleteKept, readKept } from "./chat-store";

export class EarlierChats {
  readonly #box = byId("chat-earlier", HTMLDetailsElement);
  readonly #list = byId("chat-earlier-list", HTMLUListElement);
  readonly #open: (chat: ChatLog) => void;

  constructor(open: (chat: ChatLog) => void) {
    this.#open = open;
  }

  /** Shows all but the one that is open now; nothing at all if there is none. */
  async refresh(currentId: string): Promise<void> {
    const chats = (await readKept()).filter(({ id }) => id !== currentId);
    this.#box.hidden = chats.length === 0;
    this.#list.replaceChildren(...chats.map((chat) => this.#row(chat, currentId)));
  }

  #row(chat: ChatLog, currentId: string): HTMLLIElement {
    const row = document.createElement("li");
    const open = document.createElement("button");
    open.type = "button";
    open.className = "button plain open";
    open.dir = "auto";
    open.textContent = chatTitle(chat) || new Date(chat.startedMs).toLocaleString();
    open.addEventListener("click", () => {
      this.#box.open = false;
      this.#open(chat);
    });
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "button plain";
    remove.textContent = t("remove");
    remove.setAttribute("aria-label", t("chatDeleteOne", chatTitle(chat)));
    remove.addEventListener("click", () => void deleteKept(chat.id).then(() => this.refresh(currentId)));
    row.append(open, remove);
    return row;
  }
}
