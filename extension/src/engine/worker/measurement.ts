// Measurements of a backend, in the form that core's rule takes.

import { chooseBackend, type Engine } from "sotto-wasm";
import {
  type Backend,
  type BackendChoice,
  type BackendMeasurement,
  type BackendMeasurements,
  type BackendReason,
  CALIBRATION_DECODE_TOKENS,
  CALIBRATION_PREFILL_TOKENS,
} from "../../shared/protocol";

/** Core's decision. Throws `backendUnavailable` if neither backend works. */
export function choose(requested: Backend | null, measurements: BackendMeasurement[]): BackendChoice {
  const input: BackendMeasurements = { requested, measurements };
  return JSON.parse(chooseBackend(JSON.stringify(input))) as BackendChoice;
}

export function failed(backend: Backend, failure: BackendReason): BackendMeasurement {
  return { backend, available: false, failure, prefillMs: null, decodeTokPerS: null, softwareAdapter: false };
}

/** It passed its known-answer test; its speed does not matter. */
export function works(backend: Backend, softwareAdapter = false): BackendMeasurement {
  return { backend, available: true, failure: null, prefillMs: null, decodeTokPerS: null, softwareAdapter };
}

/** Runs twice and keeps the second: the first one compiles shaders and warms caches. */
export async function measured(
  backend: Backend,
  engine: Engine,
  softwareAdapter: boolean,
): Promise<BackendMeasurement> {
  await engine.measure(CALIBRATION_PREFILL_TOKENS, CALIBRATION_DECODE_TOKENS);
  const json = await engine.measure(CALIBRATION_PREFILL_TOKENS, CALIBRATION_DECODE_TOKENS);
  const { prefillMs, decodeTokPerS } = JSON.parse(json) as { prefillMs: number; decodeTokPerS: number };
  return { ...works(backend, softwareAdapter), prefillMs, decodeTokPerS };
}
