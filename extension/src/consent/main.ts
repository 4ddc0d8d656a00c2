// The consent sheet: shows exactly what would leave this device, and takes the user's answer. A page of the extension in a
// window of its own; it is not web-accessible and cannot be framed. It sends nothing: its answer goes to the host, which
// compares it with what it makes of the request itself.

import type { SheetEvent, SheetMessage } from "../shared/consent-messages";
import { translate } from "../shared/i18n";
import { send } from "../shared/messages";
import { CONSENT_PORT } from "../shared/protocol";
import { Sheet } from "./sheet";

translate(document);
// Framing is forbidden by the policy of all our pages; this is for the day on which somebody loosens it.
if (window.top === window) void start();

async function start(): Promise<void> {
  const sheet = new Sheet(
    (message) => post(message),
    () => void closeThis(),
  );
  let port: chrome.runtime.Port | undefined;

  function post(message: SheetMessage): void {
    port?.postMessage(message);
  }

  await send("ensureEngine", {}).catch(() => undefined);
  port = chrome.runtime.connect({ name: CONSENT_PORT });
  port.onMessage.addListener((event: SheetEvent) => sheet.receive(event));
  port.onDisconnect.addListener(() => {
    void chrome.runtime.lastError;
    port = undefined;
    sheet.receive({ type: "none" });
  });
}

async function closeThis(): Promise<void> {
  const tab = await chrome.tabs.getCurrent();
  if (tab?.id !== undefined) await chrome.tabs.remove(tab.id);
}
