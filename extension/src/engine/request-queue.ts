// Which request the model works on. One at a time; each port has at most one waiting, the newest. Pure: the worker is a
// function, and so is the way back. **Every request that goes in ends with exactly one event.**

import { wireError } from "../shared/errors";
import type { AutocompleteEvent, AutocompleteRequest, WireError } from "../shared/protocol";

export type SuggestRequest = Extract<AutocompleteRequest, { type: "suggest" }>;

export interface QueueOutputs<P> {
  /** Starts a request in the worker; `key` comes back with its event. */
  start(key: number, request: SuggestRequest, port: P): void;
  /** Ends the running one early; its event comes as usual. */
  supersede(): void;
}

interface Entry<P> {
  port: P;
  request: SuggestRequest;
  /** Answered already; its event from the worker is for nobody. */
  ended: boolean;
}

export class RequestQueue<P> {
  readonly #outputs: QueueOutputs<P>;
  readonly #answer: (port: P, event: AutocompleteEvent) => void;
  /** In order of arrival; a newer request of a port takes the older one's place in time, not in the queue. */
  readonly #waiting = new Map<P, Entry<P>>();
  #running: (Entry<P> & { key: number }) | undefined;
  #nextKey = 1;
  #open = false;

  constructor(outputs: QueueOutputs<P>, answer: (port: P, event: AutocompleteEvent) => void) {
    this.#outputs = outputs;
    this.#answer = answer;
  }

  get isIdle(): boolean {
    return !this.#running && this.#waiting.size === 0;
  }

  /** When the running request was started is the caller's to know; this says whether there is one. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** The engine is ready (or not any more): waiting requests may start. */
  setOpen(open: boolean): void {
    this.#open = open;
    this.#advance();
  }

  submit(port: P, request: SuggestRequest): void {
    this.cancelPort(port);
    this.#waiting.set(port, { port, request, ended: false });
    this.#advance();
  }

  /** Ends whatever this port asked for. */
  cancelPort(port: P): void {
    const older = this.#waiting.get(port);
    if (older) {
      this.#waiting.delete(port);
      this.#end(older, cancelled());
    }
    if (this.#running?.port === port && !this.#running.ended) {
      this.#end(this.#running, cancelled());
      this.#outputs.supersede();
    }
  }

  cancel(port: P, id: number): void {
    const waiting = this.#waiting.get(port);
    if (waiting?.request.id === id) {
      this.#waiting.delete(port);
      this.#end(waiting, cancelled());
    } else if (this.#running?.port === port && this.#running.request.id === id && !this.#running.ended) {
      this.#end(this.#running, cancelled());
      this.#outputs.supersede();
    }
  }

  /** The port is gone: nobody waits for its answers. */
  dropPort(port: P): void {
    this.#waiting.delete(port);
    if (this.#running?.port === port && !this.#running.ended) {
      this.#running.ended = true;
      this.#outputs.supersede();
    }
  }

  /** The worker's event for `key`. */
  finished(key: number, event: AutocompleteEvent): void {
    const running = this.#running;
    if (running?.key !== key) return;
    this.#running = undefined;
    if (!running.ended) {
      running.ended = true;
      this.#answer(running.port, event);
    }
    this.#advance();
  }

  /** The worker is gone or cannot start: everything ends with this error, at once. */
  failAll(error: WireError): void {
    const entries = [...(this.#running ? [this.#running] : []), ...this.#waiting.values()];
    this.#running = undefined;
    this.#waiting.clear();
    for (const entry of entries) this.#end(entry, error);
  }

  #end(entry: Entry<P>, error: WireError): void {
    if (entry.ended) return;
    entry.ended = true;
    this.#answer(entry.port, { type: "error", id: entry.request.id, error });
  }

  #advance(): void {
    if (!this.#open || this.#running) return;
    const [first] = this.#waiting.values();
    if (!first) return;
    this.#waiting.delete(first.port);
    const key = this.#nextKey++;
    this.#running = { ...first, key };
    this.#outputs.start(key, first.request, first.port);
  }
}

function cancelled(): WireError {
  return wireError("cancelled", "A newer request took this one's place.", true);
}
