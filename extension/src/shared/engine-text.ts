// The engine's state in words, for the popup and the options page.

import { t } from "./i18n";
import type { InspectionReason } from "./messages";
import type { Backend, BackendReason, EngineInfo, ErrorCode, SuppressionReason } from "./protocol";

export function backendName(backend: Backend): string {
  return backend === "webgpu" ? t("backendWebgpu") : t("backendWasm");
}

/** The reason as a sentence, with the figures of a measurement. */
export function backendReason({ backendReason: reason, backendDetail }: EngineInfo): string {
  // The figures of a measurement are in the engine's own sentence only.
  return reason === "measuredFaster" ? backendDetail : t(REASON_KEYS[reason]);
}

export function modelName({ model, version, parameters }: EngineInfo): string {
  return t("modelName", model, String(version), (parameters / 1e6).toFixed(1));
}

export function milliseconds(ms: number): string {
  const digits = ms < 10 ? 1 : 0;
  return t("milliseconds", ms.toFixed(digits));
}

/** What to do about an error. */
export function errorAdvice(code: ErrorCode): string {
  return t(ADVICE_KEYS[code]);
}

/** Why nothing is shown in the field that has the focus; undefined where silence needs no explanation. */
export function silenceReason(reason: InspectionReason): string | undefined {
  const key = SILENCE_KEYS[reason];
  return key ? t(key) : undefined;
}

const REASON_KEYS: Record<BackendReason, string> = {
  measuredFaster: "reasonMeasuredFaster",
  requested: "reasonRequested",
  webgpuAbsent: "reasonWebgpuAbsent",
  webgpuNoAdapter: "reasonWebgpuNoAdapter",
  webgpuSoftware: "reasonWebgpuSoftware",
  webgpuWrongAnswer: "reasonWebgpuWrongAnswer",
  webgpuLost: "reasonWebgpuLost",
  webgpuCrashedBefore: "reasonWebgpuCrashedBefore",
  wasmFailed: "reasonWasmFailed",
};

const ADVICE_KEYS: Record<ErrorCode, string> = {
  badRequest: "adviceReport",
  tooLarge: "adviceReinstall",
  cancelled: "adviceRetry",
  notReady: "adviceRetry",
  peerGone: "adviceRetry",
  versionMismatch: "adviceReinstall",
  packManifestInvalid: "adviceReinstall",
  packSignatureInvalid: "adviceReinstall",
  packBlobMissing: "adviceReinstall",
  packBlobMismatch: "adviceReinstall",
  packRollback: "adviceReinstall",
  modelArchitectureUnknown: "adviceReinstall",
  modelConfigInvalid: "adviceReinstall",
  modelWeightsInvalid: "adviceReinstall",
  tokenizerInvalid: "adviceReinstall",
  backendUnavailable: "adviceBrowser",
  deviceLost: "adviceRetry",
  outOfMemory: "adviceMemory",
  hostMissing: "adviceHostMissing",
  originRefused: "adviceHostRepair",
  overloaded: "adviceRetry",
  modelMissing: "adviceHostModel",
  runtimeInvalid: "adviceHostRepair",
  workerLost: "adviceRetry",
  consentDeclined: "adviceRetry",
  consentInvalid: "adviceRetry",
  consentRevoked: "adviceConsentAgain",
  cloudForbidden: "adviceCloudRules",
  cloudNotConfigured: "adviceCloudSetUp",
  cloudKeyLocked: "adviceCloudKey",
  cloudThrottled: "adviceCloudLimits",
  cloudBudgetSpent: "adviceCloudLimits",
  cloudUnreachable: "adviceCloudServer",
  cloudTls: "adviceCloudServer",
  cloudTimeout: "adviceCloudServer",
  cloudRedirected: "adviceCloudSetUp",
  cloudUnauthorized: "adviceCloudKey",
  cloudRateLimited: "adviceRetry",
  cloudRejected: "adviceCloudSetUp",
  cloudFailed: "adviceRetry",
  cloudInvalid: "adviceCloudServer",
  cloudTooLarge: "adviceCloudServer",
  cloudCut: "adviceRetry",
  auditFailed: "adviceHostRepair",
  updateNotConfigured: "adviceUpdate",
  updateUnavailable: "adviceRetry",
  updateSignatureInvalid: "adviceUpdate",
  updateExpired: "adviceUpdate",
  updateRollback: "adviceUpdate",
  updateInconsistent: "adviceUpdate",
  updateTooLarge: "adviceUpdate",
  updateWrongPack: "adviceUpdate",
  updateExtraneous: "adviceUpdate",
  updateInvalid: "adviceUpdate",
  updateFailed: "adviceUpdate",
  adapterInvalid: "adviceRetry",
  adapterOtherModel: "adviceRetry",
  personalLocked: "adviceRetry",
  internal: "adviceReport",
};

const SILENCE_KEYS: Record<InspectionReason, string | undefined> = {
  secureField: "silenceSecureField",
  offHere: "silenceOffHere",
  tooLong: "silenceTooLong",
  engineError: "silenceEngineError",
  acceptFailed: "silenceAcceptFailed",
  scriptMismatch: "silenceScriptMismatch",
  sensitiveContent: "silenceSensitive",
  neverSuggested: "silenceNeverSuggested",
  midLine: undefined,
  notAWord: undefined,
  prefixNotMet: undefined,
  duplicatesWhatFollows: undefined,
  tooWide: undefined,
  lowConfidence: "silenceLowConfidence",
  typingTooFast: undefined,
  composing: undefined,
  nothingLeft: undefined,
  dismissed: undefined,
  stopped: undefined,
} satisfies Record<SuppressionReason | InspectionReason, string | undefined>;
