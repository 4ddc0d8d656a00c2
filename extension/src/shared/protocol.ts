// One place to import what Rust owns: messages and limits, generated from core's protocol; and the names of the ports.

export type { AutocompleteEvent } from "../generated/AutocompleteEvent";
export type { AutocompleteRequest } from "../generated/AutocompleteRequest";
export type { Backend } from "../generated/Backend";
export type { BackendChoice } from "../generated/BackendChoice";
export type { BackendMeasurement } from "../generated/BackendMeasurement";
export type { BackendMeasurements } from "../generated/BackendMeasurements";
export type { BackendReason } from "../generated/BackendReason";
export type { EngineInfo } from "../generated/EngineInfo";
export type { EngineStatus } from "../generated/EngineStatus";
export type { ErrorCode } from "../generated/ErrorCode";
export type { FieldHints } from "../generated/FieldHints";
export {
  CALIBRATION_DECODE_TOKENS,
  CALIBRATION_PREFILL_TOKENS,
  MAX_AFTER_UTF16,
  MAX_BEFORE_UTF16,
  PROTOCOL_VERSION,
} from "../generated/limits";
export type { SuggestOutcome } from "../generated/SuggestOutcome";
export type { SuggestTiming } from "../generated/SuggestTiming";
export type { SuppressionReason } from "../generated/SuppressionReason";
export type { WireError } from "../generated/WireError";

/** Port from a content script to the engine page. */
export const AUTOCOMPLETE_PORT = "sotto.autocomplete";

/** Port from one of our own pages to the engine page; it carries `EngineStatus` one way and `StatusCommand` the other. */
export const STATUS_PORT = "sotto.status";
