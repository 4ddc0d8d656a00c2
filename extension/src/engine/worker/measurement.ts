// Measurements of a backend, in the form that core's rule takes.

import type { Engine } from "sotto-wasm";
import type { Backend, BackendReason } from "../../shared/protocol";

/** `BackendMeasurement` of core. */
export interface Measurement {
  backend: Backend;
  available: boolean;
  failure: BackendReason | null;
  prefillMs: number | null;
  decodeTokPerS: number | null;
  softwareAdapter: boolean;
}

/** `CALIBRATION_PREFILL_TOKENS` and `CALIBRATION_DECODE_TOKENS` of core. */
const PREFILL_TOKENS = 64;
const DECODE_TOKENS = 8;

export function failed(backend: Backend, failure: BackendReason): Measurement {
  return { backend, available: false, failure, prefillMs: null, decodeTokPerS: null, softwareAdapter: false };
}

/** It passed its known-answer test; its speed does not matter. */
export function works(backend: Backend, softwareAdapter = false): Measurement {
  return { backend, available: true, failure: null, prefillMs: null, decodeTokPerS: null, softwareAdapter };
}

/** Runs twice and keeps the second: the first one compiles shaders and warms caches. */
export async function measured(backend: Backend, engine: Engine, softwareAdapter: boolean): Promise<Measurement> {
  await engine.measure(PREFILL_TOKENS, DECODE_TOKENS);
  const { prefillMs, decodeTokPerS } = JSON.parse(await engine.measure(PREFILL_TOKENS, DECODE_TOKENS)) as Measurement;
  return { ...works(backend, softwareAdapter), prefillMs, decodeTokPerS };
}
