// Errors as data. Whatever is thrown on the way becomes a `WireError`; only errors that already carry a code keep their
// message, because the text of any other error is not ours and could hold page text.

import type { ErrorCode, WireError } from "./protocol";

/** An `Error` with a code of the closed set. */
export class SottoError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(error: WireError, options?: ErrorOptions) {
    super(error.message, options);
    this.name = "SottoError";
    this.code = error.code;
    this.retryable = error.retryable;
  }
}

export function wireError(code: ErrorCode, message: string, retryable = false): WireError {
  return { code, message, retryable };
}

/** The error's own code and message where it has them, else `internal` and the sentence given. */
export function toWireError(thrown: unknown, fallbackMessage: string): WireError {
  if (thrown instanceof Error && "code" in thrown && isErrorCode(thrown.code)) {
    const retryable = "retryable" in thrown && thrown.retryable === true;
    return { code: thrown.code, message: thrown.message, retryable };
  }
  return wireError("internal", fallbackMessage);
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(CODES, value);
}

/** A record, so that the compiler notices a code that is missing here. */
const CODES: Record<ErrorCode, true> = {
  badRequest: true,
  tooLarge: true,
  cancelled: true,
  notReady: true,
  peerGone: true,
  versionMismatch: true,
  packManifestInvalid: true,
  packSignatureInvalid: true,
  packBlobMissing: true,
  packBlobMismatch: true,
  packRollback: true,
  modelArchitectureUnknown: true,
  modelConfigInvalid: true,
  modelWeightsInvalid: true,
  tokenizerInvalid: true,
  backendUnavailable: true,
  deviceLost: true,
  outOfMemory: true,
  hostMissing: true,
  originRefused: true,
  overloaded: true,
  modelMissing: true,
  runtimeInvalid: true,
  workerLost: true,
  consentDeclined: true,
  consentInvalid: true,
  consentRevoked: true,
  cloudForbidden: true,
  cloudNotConfigured: true,
  cloudKeyLocked: true,
  cloudThrottled: true,
  cloudBudgetSpent: true,
  cloudUnreachable: true,
  cloudTls: true,
  cloudTimeout: true,
  cloudRedirected: true,
  cloudUnauthorized: true,
  cloudRateLimited: true,
  cloudRejected: true,
  cloudFailed: true,
  cloudInvalid: true,
  cloudTooLarge: true,
  cloudCut: true,
  auditFailed: true,
  updateNotConfigured: true,
  updateUnavailable: true,
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
  personalLocked: true,
  internal: true,
};
