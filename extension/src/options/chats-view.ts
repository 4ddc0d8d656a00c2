// Chats: keep them or not, and delete them all.

import { deleteAllChats, readKept } from "../chat/chat-store";
import { byId, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import type { Settings } from "../shared/settings";
import { updateSettings } from "../shared/settings-store";

export class ChatsView {
  readonly #keep = byId("keep-chats", HTMLInputElement);

  constructor() {
    this.#keep.addEventListener("change", () => {
      void updateSettings((settings) => ({ ...settings, keepChats: this.#keep.checked }));
    });
    byId("delete-chats", HTMLButtonElement).addEventListener("click", () => {
      void deleteAllChats().then(() => setText("kept-chats", t("chatsDeleted")));
    });
  }

  async show({ keepChats }: Settings): Promise<void> {
    this.#keep.checked = keepChats;
    const { length } = await readKept();
    setText("kept-chats", length > 0 ? t("chatsKept", String(length)) : "");
  }
}
