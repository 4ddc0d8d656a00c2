// The chat's own script, loaded by the side panel at once and by the popup when somebody goes there: the popup opens as
// fast as it did without a chat.

import { translate } from "../shared/i18n";
import { chatMarkup } from "./chat-markup";
import { ChatView } from "./chat-view";

const root = document.getElementById("chat");
if (root) {
  root.append(chatMarkup());
  translate(root);
  void ChatView.start().then((view) => {
    root.dataset.ready = "true";
    if (!root.hidden) view.focus();
  });
}
