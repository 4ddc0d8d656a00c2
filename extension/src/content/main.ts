// The content script. Does nothing until the service worker says that this tab's site is on; stops at once when it is
// switched off, and for good when the extension is reloaded under it. Frames inside a page ask only when somebody
// enters them: most never see a key, and each question wakes the service worker.

import type { ContentMessages, Inspection, Reply } from "../shared/messages";
import { send } from "../shared/messages";
import { Controller } from "./controller";
import { isExtensionAlive } from "./extension-alive";
import { deepActiveElement } from "./fields";
import { removeLeftovers } from "./ghost";
import { PasswordMemory } from "./password-memory";

const STARTED = "__sottoStarted";

let controller: Controller | undefined;
let passwords: PasswordMemory | undefined;
let asked = false;
/** Somebody typed while the answer was on its way. */
let typedEarly = false;

const scope = globalThis as typeof globalThis & { [STARTED]?: boolean };
if (!scope[STARTED]) {
  // The script is registered for new pages and injected into open ones; it may arrive twice.
  scope[STARTED] = true;
  start();
}

function start(): void {
  removeLeftovers();
  chrome.runtime.onMessage.addListener(receive);
  // From the start, whatever the answer: what is a text field later may be a password field now.
  passwords = new PasswordMemory();
  passwords.watch(document);
  const entered = document.hasFocus() && deepActiveElement() !== document.body;
  if (window === window.top || entered) {
    void refresh();
  } else {
    window.addEventListener("focusin", () => asked || void refresh(), { capture: true, once: true });
  }
  window.addEventListener("input", noteInput, { capture: true });
}

function noteInput(): void {
  typedEarly = true;
}

async function refresh(): Promise<void> {
  asked = true;
  const state = isExtensionAlive() ? await send("siteState", {}).catch(() => undefined) : undefined;
  window.removeEventListener("input", noteInput, { capture: true });
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
  if (controller) {
    controller.configure(options);
    return;
  }
  passwords ??= new PasswordMemory();
  controller = new Controller(options, passwords, stop);
  if (typedEarly) controller.catchUp();
  typedEarly = false;
}

function stop(): void {
  controller?.stop();
  controller = undefined;
  passwords?.stop();
  passwords = undefined;
}

function receive(
  message: { type?: keyof ContentMessages },
  sender: chrome.runtime.MessageSender,
  respond: (reply: Reply<object>) => void,
): void {
  // Pages cannot send here; other content scripts of ours can, and have no business to.
  if (sender.id !== chrome.runtime.id || (sender.tab && !sender.url?.startsWith(chrome.runtime.getURL("")))) return;
  if (message.type === "siteStateChanged") {
    if (asked) void refresh();
    respond({ ok: true, value: {} });
  } else if (message.type === "sotto.inspect") {
    respond({ ok: true, value: controller?.inspect() ?? NOTHING });
  }
}

const NOTHING: Inspection = {
  visible: false,
  text: "",
  reason: "offHere",
  keyToGhostMs: [],
  mainThreadMs: [],
  ghostRect: null,
  source: null,
  waiting: false,
  textReads: 0,
};
