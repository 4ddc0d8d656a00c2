// The content script. Does nothing until the service worker says that this tab's site is on; stops at once when it is
// switched off, and for good when the extension is reloaded under it.

import type { ContentMessages, Inspection, Reply } from "../shared/messages";
import { send } from "../shared/messages";
import { Controller } from "./controller";
import { isExtensionAlive } from "./extension-alive";
import { removeLeftovers } from "./ghost";

const STARTED = "__sottoStarted";

let controller: Controller | undefined;

const scope = globalThis as typeof globalThis & { [STARTED]?: boolean };
if (!scope[STARTED]) {
  // The script is registered for new pages and injected into open ones; it may arrive twice.
  scope[STARTED] = true;
  removeLeftovers();
  chrome.runtime.onMessage.addListener(receive);
  void refresh();
}

async function refresh(): Promise<void> {
  if (!isExtensionAlive()) {
    stop();
    return;
  }
  const state = await send("siteState", {}).catch(() => undefined);
  // No answer is no permission.
  if (!state?.on) {
    stop();
    return;
  }
  const options = {
    keys: state.keys,
    announce: state.announce,
    frameFocused: state.framesMayLackScript ? () => void send("frameFocused", {}).catch(() => undefined) : undefined,
  };
  if (controller) controller.configure(options);
  else controller = new Controller(options, stop);
}

function stop(): void {
  controller?.stop();
  controller = undefined;
}

function receive(
  message: { type?: keyof ContentMessages },
  sender: chrome.runtime.MessageSender,
  respond: (reply: Reply<object>) => void,
): void {
  // Pages cannot send here; other content scripts of ours can, and have no business to.
  if (sender.id !== chrome.runtime.id || (sender.tab && !sender.url?.startsWith(chrome.runtime.getURL("")))) return;
  if (message.type === "siteStateChanged") {
    void refresh();
    respond({ ok: true, value: {} });
  } else if (message.type === "sotto.inspect") {
    respond({ ok: true, value: inspection() });
  }
}

function inspection(): Inspection {
  return (
    controller?.inspect() ?? {
      visible: false,
      text: "",
      reason: "offHere",
      keyToGhostMs: [],
      mainThreadMs: [],
      ghostRect: null,
      textReads: 0,
    }
  );
}
