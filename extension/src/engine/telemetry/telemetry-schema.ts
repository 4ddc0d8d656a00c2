// Every word that can be counted. All of them are exported, also those that never occurred: which ones did would say
// something, too. Records, so that the compiler notices one that is missing.

import type { BackendReason, RouteReason, RouteTask, Schema, SuppressionReason, Tier } from "../../shared/protocol";

const TASKS: Record<RouteTask, true> = { autocomplete: true, summarize: true, chat: true };
const TIERS: Record<Tier, true> = { browser: true, host: true, cloud: true };

/** Why another tier than the wanted one answered. */
export type FallbackReason =
  | Extract<
      RouteReason,
      "hostAbsent" | "hostFailing" | "hostUnreachable" | "hostCannot" | "hostSlow" | "hostForbidden" | "hostOnly"
    >
  | Extract<BackendReason, "webgpuLost" | "webgpuWrongAnswer" | "webgpuCrashedBefore" | "wasmFailed">;

export const FALLBACKS: Record<FallbackReason, true> = {
  hostAbsent: true,
  hostFailing: true,
  hostUnreachable: true,
  hostCannot: true,
  hostSlow: true,
  hostForbidden: true,
  hostOnly: true,
  webgpuLost: true,
  webgpuWrongAnswer: true,
  webgpuCrashedBefore: true,
  wasmFailed: true,
};

const SUPPRESSIONS: Record<SuppressionReason, true> = {
  secureField: true,
  offHere: true,
  tooLong: true,
  scriptMismatch: true,
  sensitiveContent: true,
  neverSuggested: true,
  midLine: true,
  notAWord: true,
  prefixNotMet: true,
  duplicatesWhatFollows: true,
  tooWide: true,
  lowConfidence: true,
  typingTooFast: true,
  composing: true,
  nothingLeft: true,
};

export function schema(): Schema {
  return {
    tasks: Object.keys(TASKS),
    tiers: Object.keys(TIERS),
    fallbacks: Object.keys(FALLBACKS),
    suppressions: Object.keys(SUPPRESSIONS),
  };
}

export function isFallback(reason: string): reason is FallbackReason {
  return Object.hasOwn(FALLBACKS, reason);
}
