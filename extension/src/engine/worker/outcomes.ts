// What the engine and the browser say, in the terms of the protocol. Conversions only.

import type { Engine } from "sotto-wasm";
import { isErrorCode, toWireError, wireError } from "../../shared/errors";
import type { AutocompleteEvent, BackendReason, EngineInfo, WireError } from "../../shared/protocol";
import type { Probe } from "./webgpu";

/** Why WebGPU is not worth measuring here. */
export function whyNot(probe: Probe, crashedBefore: boolean): BackendReason | undefined {
  if (!probe.usable) return probe.reason;
  if (probe.software) return "webgpuSoftware";
  return crashedBefore ? "webgpuCrashedBefore" : undefined;
}

/** A device could be made before, so what fails now is the device while working, or its arithmetic. */
export function webgpuFailure(error: unknown): BackendReason {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "deviceLost" || code === "outOfMemory" ? "webgpuLost" : "webgpuWrongAnswer";
}

export function parseEvent(json: string, id: number): AutocompleteEvent {
  const event = JSON.parse(json) as AutocompleteEvent;
  return event.id === id
    ? event
    : { type: "error", id, error: wireError("internal", "The engine answered another request.") };
}

export function parseInfo(engine: Engine): Pick<EngineInfo, "model" | "version" | "parameters"> {
  const { model, version, parameters } = JSON.parse(engine.info()) as EngineInfo;
  return { model, version, parameters };
}

/** Memory that cannot be had shows as a RangeError of the WebAssembly engine. */
export function loadError(error: unknown): WireError {
  if (error instanceof RangeError) {
    return wireError(
      "outOfMemory",
      "There is not enough memory for the language model. Close some tabs and try again.",
      true,
    );
  }
  if (error instanceof Error && "code" in error && isErrorCode(error.code)) return toWireError(error, "");
  return wireError("internal", "The engine could not be started.");
}
