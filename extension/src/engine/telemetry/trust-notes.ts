// What is counted of trust: checks that failed, and the versions that came into use.

import type { Observation, UpdateOutcome, WireError } from "../../shared/protocol";
import { isVerification } from "./telemetry-schema";

type Observe = (observation: Observation) => void;

/** Counts an error if it means that something was not what it should be. */
export function noteFailure(observe: Observe, error: Pick<WireError, "code">): void {
  if (isVerification(error.code)) observe({ type: "verificationFailed", check: error.code });
}

/** Counts what an update brought. */
export function noteUpdate(observe: Observe, { active, candidates }: UpdateOutcome): void {
  for (const { version } of active) observe({ type: "loaded", what: "hostModelUpdate", version });
  for (const { version } of candidates) observe({ type: "loaded", what: "browserModelUpdate", version });
}

const SECONDS_PER_DAY = 86_400;

/** The day of a time in seconds since 1970, which is an adapter's version. */
export function dayOf(atS: number): number {
  return Math.floor(atS / SECONDS_PER_DAY);
}
