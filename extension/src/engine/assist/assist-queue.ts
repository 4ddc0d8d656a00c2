// Chat and summaries in line for the model: one at a time, in order of arrival. Pure: the worker is a function, and so is
// the way back. **Every request that goes in ends with exactly one last event.**

import type { TextRequest } from "../../shared/assist-messages";
import { wireError } from "../../shared/errors";
import { cancelledError, isLast } from "../../shared/pending-requests";
import type { HostEvent, WireError } from "../../shared/protocol";

export interface AssistOutputs {
  /** Starts a request in the worker; `key` comes back with its events. */
  start(key: number, request: TextRequest): void;
  /** Ends the one with this key early; its last event comes as usual. */
  supersede(key: number): void;
  /** Nothing runs any more. */
  idle(): void;
}

interface Entry<P> {
  port: P;
  request: TextRequest;
  /** Answered already; what the worker still says is for nobody. */
  ended: boolean;
}

/** Answers take seconds: more than these in line would be stale before their turn. */
const MAX_WAITING = 8;

export class AssistQueue<P> {
  readonly #outputs: AssistOutputs;
  readonly #answer: (port: P, event: HostEvent) => void;
  #waiting: Entry<P>[] = [];
  #running: (Entry<P> & { key: number }) | undefined;
  #nextKey = 1;
  #open = false;

  constructor(outputs: AssistOutputs, answer: (port: P, event: HostEvent) => void) {
    this.#outputs = outputs;
    this.#answer = answer;
  }

  get isIdle(): boolean {
    return !this.#running && this.#waiting.length === 0;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** The engine is ready (or not any more): waiting requests may start. */
  setOpen(open: boolean): void {
    this.#open = open;
    this.#advance();
  }

  submit(port: P, request: TextRequest): void {
    const entry = { port, request, ended: false };
    if (this.#waiting.length >= MAX_WAITING) {
      this.#end(entry, wireError("overloaded", "The engine is busy. Try again in a moment.", true));
      return;
    }
    this.#waiting.push(entry);
    this.#advance();
  }

  cancel(port: P, id: number): void {
    const matches = (entry: Entry<P>) => entry.port === port && entry.request.id === id;
    const waiting = this.#waiting.find(matches);
    if (waiting) {
      this.#waiting = this.#waiting.filter((entry) => entry !== waiting);
      this.#end(waiting, cancelledError());
    } else if (this.#running && !this.#running.ended && matches(this.#running)) {
      const { key } = this.#running;
      this.#end(this.#running, cancelledError());
      this.#outputs.supersede(key);
    }
  }

  /** The worker's event for `key`. */
  event(key: number, event: HostEvent): void {
    const running = this.#running;
    if (running?.key !== key) return;
    if (!running.ended) this.#answer(running.port, event);
    if (!isLast(event)) return;
    this.#running = undefined;
    this.#advance();
    if (!this.#running) this.#outputs.idle();
  }

  /** The worker is gone or cannot start: everything ends with this error, at once. */
  failAll(error: WireError): void {
    const entries = [...(this.#running ? [this.#running] : []), ...this.#waiting];
    this.#running = undefined;
    this.#waiting = [];
    for (const entry of entries) this.#end(entry, error);
  }

  #end(entry: Entry<P>, error: WireError): void {
    if (entry.ended) return;
    entry.ended = true;
    this.#answer(entry.port, { type: "error", id: entry.request.id, error });
  }

  #advance(): void {
    if (!this.#open || this.#running) return;
    const first = this.#waiting.shift();
    if (!first) return;
    // The entry itself, not a copy: `ended` is looked up through it.
    const key = this.#nextKey++;
    this.#running = Object.assign(first, { key });
    this.#outputs.start(key, first.request);
  }
}
