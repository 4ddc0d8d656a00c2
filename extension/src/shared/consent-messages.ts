// Between the consent sheet and the engine page, and the check of a question as it comes from the host.

import type { ConsentAnswer, ConsentRequest, Cost, EndpointView, KeyState, Replacement, WireError } from "./protocol";
import { record } from "./unread";

/** From the engine page to the sheet. */
export type SheetEvent =
  /** Show this. */
  | { type: "question"; request: ConsentRequest }
  /** The payload is being made anew; the next question comes. */
  | { type: "wait" }
  /** There is nothing to decide, or not any more. */
  | { type: "none" }
  /** What came of `unlock`. */
  | { type: "unlocked"; error: WireError | null };

/** From the sheet to the engine page. */
export type SheetMessage = { type: "answer"; answer: ConsentAnswer } | { type: "unlock"; passphrase: string };

const KEY_STATES: readonly KeyState[] = ["notNeeded", "ready", "locked", "missing"];

/** A question with everything that the sheet shows. One that lacks something is none: nobody can agree to half of it. */
export function isConsentRequest(value: unknown): value is ConsentRequest {
  const raw = record(value);
  const isText = (name: string) => typeof raw[name] === "string";
  const isNumber = (name: string) => typeof raw[name] === "number";
  return (
    ["nonce", "limit", "payload", "payloadSha256"].every(isText) &&
    ["payloadBytes", "expiresInS"].every(isNumber) &&
    isEndpoint(raw.endpoint) &&
    (raw.site === null || typeof raw.site === "string") &&
    (raw.cost === null || isCost(raw.cost)) &&
    KEY_STATES.some((state) => state === raw.key) &&
    Array.isArray(raw.replacements) &&
    raw.replacements.every(isReplacement)
  );
}

export function isEndpoint(value: unknown): value is EndpointView {
  const { name, origin, model, isLoopback } = record(value);
  return [name, origin, model].every((text) => typeof text === "string") && typeof isLoopback === "boolean";
}

export function isCost(value: unknown): value is Cost {
  const { micros, currency } = record(value);
  return typeof micros === "number" && typeof currency === "string";
}

function isReplacement(value: unknown): value is Replacement {
  const { placeholder, original, count } = record(value);
  return typeof placeholder === "string" && typeof original === "string" && typeof count === "number";
}
