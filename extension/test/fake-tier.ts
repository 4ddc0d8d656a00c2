// Twins of the two ends of the host link, driven by a test.

import type { HostPort } from "../src/engine/assist/host-session";
import type { AnswerInfo, ConsentRequest, HostEvent, HostRequest } from "../src/shared/protocol";

export const ANSWER: AnswerInfo = {
  engine: { tier: "host", model: "m", device: "CPU", reason: "it is there" },
  kind: "reply",
  stop: "complete",
  isInputCut: false,
  confidence: null,
  memoryMib: null,
  fallback: "",
  timing: { firstTokenMs: 1, totalMs: 2, promptTokens: 3, tokens: 4, tokensPerS: 5 },
};

/** What a host asks before it sends anything. */
export const QUESTION: ConsentRequest = {
  nonce: "0123456789abcdef0123456789abcdef",
  endpoint: { name: "Mine", origin: "http://127.0.0.1:1", model: "m", isLoopback: true },
  limit: "lowConfidence",
  payload: '{"messages":[{"role":"user","content":"Ask [PERSON_1]."}]}',
  payloadSha256: "00",
  payloadBytes: 60,
  replacements: [{ placeholder: "[PERSON_1]", original: "Anna", count: 1, kind: "person", reason: "nameList" }],
  cost: null,
  expiresInS: 300,
  site: "https://a.example",
  key: "notNeeded",
};

/** A connection to a host that the test plays. */
export class TestPort implements HostPort {
  readonly sent: HostRequest[] = [];
  closedByUs = false;
  /** Posting throws, as on a port whose end has not been told yet. */
  broken = false;
  #received: (message: unknown) => void = () => undefined;
  #disconnected: (lastError: string | undefined) => void = () => undefined;

  post(message: HostRequest): void {
    if (this.broken) throw new Error("Attempting to use a disconnected port object");
    this.sent.push(message);
  }

  disconnect(): void {
    this.closedByUs = true;
  }

  listen(received: (message: unknown) => void, disconnected: (lastError: string | undefined) => void): void {
    this.#received = received;
    this.#disconnected = disconnected;
  }

  /** The host says something. */
  say(message: unknown): void {
    if (!this.closedByUs) this.#received(message);
  }

  /** The host ends. */
  end(lastError?: string): void {
    if (!this.closedByUs) this.#disconnected(lastError);
  }

  welcome(protocol = 1): void {
    this.say({ type: "welcome", id: this.sent[0]?.id ?? 0, protocol, host: "1.2.3", capabilities: ["chat"] });
  }

  /** Ids of the requests that were sent, without the greeting and the cancellations. */
  ids(): number[] {
    return this.sent.flatMap(({ type, id }) => (type === "hello" || type === "cancel" ? [] : [id]));
  }
}

export function done(id: number): HostEvent {
  return { type: "done", id, answer: ANSWER };
}
