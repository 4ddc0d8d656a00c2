// The sheet's port. It comes from the sheet's own page, at the top of a tab or window, or it is none.

import type { ConsentDesk, SheetPort } from "./consent-desk";

export type SheetSender = Pick<chrome.runtime.MessageSender, "id" | "url" | "frameId" | "tab">;

/** Whether a port may be the sheet's. */
export function isSheet(sender: SheetSender | undefined, ownId: string, sheetUrl: string): boolean {
  return sender?.id === ownId && sender.url === sheetUrl && sender.frameId === 0 && sender.tab !== undefined;
}

export function addSheet(desk: ConsentDesk, port: chrome.runtime.Port): void {
  if (!isSheet(port.sender, chrome.runtime.id, chrome.runtime.getURL("consent.html"))) {
    port.disconnect();
    return;
  }
  const sheet: SheetPort = {
    post: (event) => {
      try {
        port.postMessage(event);
      } catch {
        // It closed in the meantime; its own event cleans up.
      }
    },
  };
  port.onMessage.addListener((message: unknown) => desk.receive(sheet, message));
  port.onDisconnect.addListener(() => desk.disconnected(sheet));
  desk.connected(sheet);
}
