// A page's or a card's side of the port to the engine page, which is made first where there is none. Connects on the
// first request and again after the port is lost; every request ends exactly once, whatever dies.

import type { AskCloud, AssistEvent, AssistMessage, AssistRequest } from "./assist-messages";
import { wireError } from "./errors";
import { send } from "./messages";
import { cancelledError, type EventSink, PendingRequests } from "./pending-requests";
import { ASSIST_PORT } from "./protocol";

type WithoutId<T> = T extends { id: number } ? Omit<T, "id"> : never;

/** A request before it has an id. */
export type NewRequest = WithoutId<AssistRequest | AskCloud> & { site?: string | null };

export class AssistClient {
  readonly #pending = new PendingRequests();
  #port: chrome.runtime.Port | undefined;

  /** Sends a request; `sink` gets its events. Returns a function that cancels it. */
  request(request: NewRequest, sink: EventSink): () => void {
    const id = this.#pending.add(sink);
    void this.#send({ ...request, id } as AssistMessage);
    return () => this.#cancel(id);
  }

  close(): void {
    this.#port?.disconnect();
    this.#port = undefined;
    this.#pending.failAll(cancelledError());
  }

  async #send(message: AssistMessage): Promise<void> {
    try {
      if (!this.#port) await send("ensureEngine", {});
      // Cancelled or closed while the page was made: nothing to send.
      if (!this.#pending.has(message.id)) return;
      this.#port ??= this.#connect();
      this.#port.postMessage(message);
    } catch {
      this.#lost();
    }
  }

  #cancel(id: number): void {
    if (!this.#pending.has(id)) return;
    try {
      this.#port?.postMessage({ type: "cancel", id } satisfies AssistMessage);
    } catch {
      // The port's own event ends everything.
    }
    this.#pending.fail(id, cancelledError());
  }

  #connect(): chrome.runtime.Port {
    const port = chrome.runtime.connect({ name: ASSIST_PORT });
    port.onMessage.addListener((event: AssistEvent) => this.#pending.receive(event));
    port.onDisconnect.addListener(() => {
      // Reading lastError tells the browser that it was noticed.
      void chrome.runtime?.lastError;
      if (this.#port === port) this.#lost();
    });
    return port;
  }

  #lost(): void {
    this.#port = undefined;
    this.#pending.failAll(wireError("peerGone", "Sotto was interrupted in the middle. Try again.", true));
  }
}
