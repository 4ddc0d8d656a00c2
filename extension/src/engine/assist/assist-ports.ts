// Ports of our pages and of summary cards. Who may ask, and what page a card is on, is what the browser says of the sender.

import { send } from "../../shared/messages";
import { webOrigin } from "../../shared/sites";
import { Asker, type Identity, type Rights, type RouterParts } from "./assist-router";

export type PortSender = Pick<chrome.runtime.MessageSender, "id" | "url" | "origin" | "documentId">;

export class AssistPorts {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  add(port: chrome.runtime.Port): void {
    const sender = port.sender ?? {};
    const rights = rightsOf(sender, chrome.runtime.id, chrome.runtime.getURL(""), async (documentId) => {
      return (await send("cardAllowed", { documentId })).allowed;
    }).catch((): Rights => "none");
    const asker = new Asker(this.#parts, identityOf(sender, chrome.runtime.getURL("")), (event) => {
      try {
        port.postMessage(event);
      } catch {
        // The port closed in the meantime; its own event cleans up.
      }
    });
    port.onMessage.addListener((message: unknown) => void rights.then((known) => asker.receive(message, known)));
    // Behind the messages that are still waiting for the answer above.
    port.onDisconnect.addListener(() => void rights.then(() => asker.close()));
  }
}

/** What a sender may ask for. */
export async function rightsOf(
  sender: PortSender,
  ownId: string,
  ownOrigin: string,
  isCard: (documentId: string) => Promise<boolean>,
): Promise<Rights> {
  if (sender.id !== ownId) return "none";
  if (sender.url?.startsWith(ownOrigin)) return "all";
  return sender.documentId !== undefined && (await isCard(sender.documentId)) ? "summarize" : "none";
}

export function identityOf({ url, origin, documentId }: PortSender, ownOrigin: string): Identity {
  if (url?.startsWith(ownOrigin)) return { owner: "own", site: null };
  return { owner: `card ${documentId ?? ""}`, site: webOrigin(origin) ?? webOrigin(url) ?? null };
}
