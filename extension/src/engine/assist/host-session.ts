// One connection to the host: `hello`, `welcome`, then requests under ids of our own. **Whatever happens to the
// connection, each request ends exactly once**: before the welcome as "unavailable" (it was never sent), afterwards with
// an event. Knows no browser API, so that tests can drive it.

import type { TierRequest } from "../../shared/assist-messages";
import { wireError } from "../../shared/errors";
import { checkHostEvent } from "../../shared/host-events";
import { cancelledError, isLast, PendingRequests } from "../../shared/pending-requests";
import {
  type ConsentAnswer,
  type ConsentRequest,
  type HostEvent,
  type HostRequest,
  type HostStatus,
  MAX_FRAME_BYTES,
  PROTOCOL_VERSION,
  type WireError,
} from "../../shared/protocol";
import { portError, versionError } from "./host-errors";
import type { TierOutputs } from "./tier";

/** A connection to a host, whatever it goes through. */
export interface HostPort {
  post(message: HostRequest): void;
  disconnect(): void;
  /**
   * Called once. `disconnected` gets the browser's sentence, if it has one; it is not called after our own `disconnect`.
   */
  listen(received: (message: unknown) => void, disconnected: (lastError: string | undefined) => void): void;
}

/** A host answers `hello` before it loads anything; one that needs longer is stuck. */
const GREETING_MS = 15_000;

/** Longest silence during a request. Loading a large model from a slow disk is the longest that is known. */
const SILENCE_MS = 180_000;

/** After this long without a request the host is let go: it exits, and the service worker may sleep. */
const IDLE_MS = 5 * 60_000;

interface Waiting {
  request: TierRequest;
  outputs: TierOutputs;
  /** Set once it was sent. */
  id: number | undefined;
}

export class HostSession {
  readonly #port: HostPort;
  readonly #told: (status: HostStatus) => void;
  readonly #pending = new PendingRequests();
  /** Questions of the host that wait for the user: it is silent meanwhile, as it should be. */
  readonly #asked = new Set<number>();
  #waiting: Waiting[] = [];
  #phase: "greeting" | "open" | "closed" = "greeting";
  readonly #helloId: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `client` is our own version. */
  constructor(port: HostPort, client: string, told: (status: HostStatus) => void = () => undefined) {
    this.#port = port;
    this.#told = told;
    this.#helloId = this.#pending.add((event) => this.#greeted(event));
    this.#setTimer(GREETING_MS, () => this.#close(unresponsive(), true));
    port.listen(
      (message) => this.#receive(message),
      (lastError) => this.#close(portError(lastError), false),
    );
    this.#post({ type: "hello", id: this.#helloId, protocol: PROTOCOL_VERSION, client });
  }

  get isClosed(): boolean {
    return this.#phase === "closed";
  }

  submit(request: TierRequest, outputs: TierOutputs): () => void {
    const entry: Waiting = { request, outputs, id: undefined };
    if (this.#phase === "greeting") this.#waiting.push(entry);
    else this.#send(entry);
    return () => this.#cancel(entry);
  }

  /** Lets the host go. What is pending ends with an error. */
  close(): void {
    this.#close(wireError("peerGone", "The Sotto host was disconnected.", true), true);
  }

  #send(entry: Waiting): void {
    // Also in the middle of a row of them: sending the one before may have shown that the port is closed.
    if (this.#phase !== "open") {
      entry.outputs.unavailable(portError(undefined));
      return;
    }
    const id = this.#pending.add((event) => {
      if (event.type === "consent") {
        this.#ask(id, event.request, entry.outputs);
        return;
      }
      if (isLast(event)) this.#asked.delete(id);
      entry.outputs.event(event);
      if (this.#pending.size === 0) this.#rest();
    });
    entry.id = id;
    const message = { ...entry.request, id };
    if (frameBytes(message) > MAX_FRAME_BYTES) {
      this.#pending.fail(id, wireError("tooLarge", "The text is too long to send to the host."));
      return;
    }
    this.#watch();
    this.#post(message);
  }

  #cancel(entry: Waiting): void {
    if (entry.id === undefined) {
      const index = this.#waiting.indexOf(entry);
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      entry.outputs.event({ type: "error", id: 0, error: cancelledError() });
    } else if (this.#pending.has(entry.id)) {
      this.#post({ type: "cancel", id: entry.id });
      this.#pending.fail(entry.id, cancelledError());
    }
  }

  /** Hands a question on. Where nobody listens, the answer is no. */
  #ask(id: number, request: ConsentRequest, outputs: TierOutputs): void {
    this.#asked.add(id);
    clearTimeout(this.#timer);
    const answer = (given: ConsentAnswer) => {
      if (!this.#pending.has(id)) return;
      this.#asked.delete(id);
      this.#watch();
      this.#post({ type: "consent", id, answer: given });
    };
    const { nonce, payloadSha256 } = request;
    if (outputs.asked) outputs.asked(request, answer);
    else answer({ nonce, payloadSha256, choice: { type: "no" } });
  }

  #receive(message: unknown): void {
    if (this.#phase === "closed") return;
    if (this.#phase === "open" && this.#pending.size > 0) this.#watch();
    const checked = checkHostEvent(message);
    if (checked.ok && checked.event.type === "status") this.#told(checked.event.status);
    if (checked.ok && checked.event.id !== 0) {
      this.#pending.receive(checked.event);
      return;
    }
    const error =
      checked.ok && checked.event.type === "error"
        ? checked.event.error
        : wireError("internal", "The Sotto host sent something that this extension does not understand.");
    if (!checked.ok && checked.id !== 0) {
      if (this.#pending.has(checked.id)) this.#post({ type: "cancel", id: checked.id });
      this.#pending.fail(checked.id, error);
      return;
    }
    // The host could not read one of our messages and cannot say which: nobody may be left waiting for its answer.
    if (checked.ok) this.#pending.failAll(error);
  }

  #greeted(event: HostEvent): void {
    if (this.#phase !== "greeting") return;
    if (event.type === "error") {
      this.#close(event.error, true);
    } else if (event.type !== "welcome") {
      this.#close(wireError("internal", "The Sotto host did not introduce itself."), true);
    } else if (event.protocol !== PROTOCOL_VERSION) {
      this.#close(versionError(event.protocol, event.host), true);
    } else {
      this.#phase = "open";
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#rest();
      for (const entry of waiting) this.#send(entry);
    }
  }

  #close(error: WireError, disconnect: boolean): void {
    if (this.#phase === "closed") return;
    const wasOpen = this.#phase === "open";
    this.#phase = "closed";
    clearTimeout(this.#timer);
    if (disconnect) this.#port.disconnect();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { outputs } of waiting) outputs.unavailable(error);
    // The greeting itself hears it too, and sees that it is over.
    this.#pending.failAll(wasOpen ? midway(error) : error);
  }

  #post(message: HostRequest): void {
    try {
      this.#port.post(message);
    } catch {
      // The port closed before its event came.
      this.#close(portError(undefined), false);
    }
  }

  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#asked.size > 0) return;
    this.#setTimer(SILENCE_MS, () => this.#close(unresponsive(), true));
  }

  #rest(): void {
    if (this.#phase === "open") this.#setTimer(IDLE_MS, () => this.close());
  }

  #setTimer(ms: number, action: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
  }
}

function unresponsive(): WireError {
  return wireError("peerGone", "The Sotto host stopped answering.", true);
}

/** A host that was there can be started again, whatever ended it. */
function midway(error: WireError): WireError {
  return { ...error, retryable: true };
}

/** UTF-8 needs at most three bytes for a UTF-16 unit; only what could be too long is measured. */
const MAX_BYTES_PER_UNIT = 3;

function frameBytes(message: HostRequest): number {
  const json = JSON.stringify(message);
  return json.length * MAX_BYTES_PER_UNIT <= MAX_FRAME_BYTES ? json.length : new TextEncoder().encode(json).length;
}
