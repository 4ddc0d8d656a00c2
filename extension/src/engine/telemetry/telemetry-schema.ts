// Every word that can be counted. All of them are exported, also those that never occurred: which ones did would say
// something, too. Records, so that the compiler notices one that is missing.

import type {
  BackendReason,
  ErrorCode,
  RouteReason,
  RouteTask,
  Schema,
  SuppressionReason,
  Tier,
} from "../../shared/protocol";

const TASKS: Record<RouteTask, true> = { autocomplete: true, summarize: true, chat: true };
const TIERS: Record<Tier, true> = { browser: true, host: true, cloud: true };

/** Why another tier, backend, model or adapter than the wanted one answered. */
export type FallbackReason =
  | Extract<
      RouteReason,
      "hostAbsent" | "hostFailing" | "hostUnreachable" | "hostCannot" | "hostSlow" | "hostForbidden" | "hostOnly"
    >
  | Extract<BackendReason, "webgpuLost" | "webgpuWrongAnswer" | "webgpuCrashedBefore" | "wasmFailed">
  /** A stored model could not be used: the one that ships answers. */
  | "storedModelRefused"
  /** An adapter could not be used: the model answers without. */
  | "adapterRefused";

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
  storedModelRefused: true,
  adapterRefused: true,
};

/** What verifies, by the code of its error. */
const VERIFICATIONS = {
  packManifestInvalid: true,
  packSignatureInvalid: true,
  packBlobMissing: true,
  packBlobMismatch: true,
  packRollback: true,
  modelConfigInvalid: true,
  modelWeightsInvalid: true,
  tokenizerInvalid: true,
  updateSignatureInvalid: true,
  updateExpired: true,
  updateRollback: true,
  updateInconsistent: true,
  updateTooLarge: true,
  updateWrongPack: true,
  updateExtraneous: true,
  updateInvalid: true,
  updateFailed: true,
  adapterInvalid: true,
  adapterOtherModel: true,
} as const satisfies Partial<Record<ErrorCode, true>>;

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
    verificationFailures: Object.keys(VERIFICATIONS),
  };
}

/** Whether an error means that something was not what it should be. */
export function isVerification(code: ErrorCode): code is keyof typeof VERIFICATIONS {
  return Object.hasOwn(VERIFICATIONS, code);
}

export function isFallback(reason: string): reason is FallbackReason {
  return Object.hasOwn(FALLBACKS, reason);
}
