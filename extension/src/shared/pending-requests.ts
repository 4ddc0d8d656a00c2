// Requests on their way over one connection, by id. **Each ends exactly once**: with the peer's last event for it, with
// the error of its cancellation, or with the error that ended the connection. What comes later for it is for nobody.

import type { AssistEvent } from "./assist-messages";
import { wireError } from "./errors";
import type { WireError } from "./protocol";

/** What more will come behind. */
const GOES_ON: ReadonlySet<AssistEvent["type"]> = new Set(["delta", "progress", "decision", "consent"]);

/** Gets every event of one request; the last one is `done`, `error`, `status` or `welcome`. */
export type EventSink = (event: AssistEvent) => void;

export class PendingRequests {
  readonly #sinks = new Map<number, EventSink>();
  #nextId = 1;

  get size(): number {
    return this.#sinks.size;
  }

  /** Enters a request and returns the id to send it under: never 0, never one that is still on its way. */
  add(sink: EventSink): number {
    while (this.#nextId === 0 || this.#sinks.has(this.#nextId)) this.#nextId = (this.#nextId + 1) >>> 0;
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    this.#sinks.set(id, sink);
    return id;
  }

  has(id: number): boolean {
    return this.#sinks.has(id);
  }

  /** An event of the peer. One for a request that is not there is dropped. */
  receive(event: AssistEvent): void {
    const sink = this.#sinks.get(event.id);
    if (!sink) return;
    if (isLast(event)) this.#sinks.delete(event.id);
    sink(event);
  }

  /** Ends one request with an error; false if it has ended already. */
  fail(id: number, error: WireError): boolean {
    const sink = this.#sinks.get(id);
    if (!sink) return false;
    this.#sinks.delete(id);
    sink({ type: "error", id, error });
    return true;
  }

  /** The connection is gone: everything ends with this error, at once. */
  failAll(error: WireError): void {
    const entries = [...this.#sinks];
    this.#sinks.clear();
    for (const [id, sink] of entries) sink({ type: "error", id, error });
  }
}

/** Whether this event is the last of its request. */
export function isLast(event: AssistEvent): boolean {
  return !GOES_ON.has(event.type);
}

export function cancelledError(): WireError {
  return wireError("cancelled", "Stopped.", true);
}
