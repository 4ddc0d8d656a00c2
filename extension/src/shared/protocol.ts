// One place to import what Rust owns: messages and limits, generated from core's protocol; and the names of the ports.

export type { AnswerEngine } from "../generated/AnswerEngine";
export type { AnswerInfo } from "../generated/AnswerInfo";
export type { AnswerKind } from "../generated/AnswerKind";
export type { AutocompleteEvent } from "../generated/AutocompleteEvent";
export type { AutocompleteRequest } from "../generated/AutocompleteRequest";
export type { Backend } from "../generated/Backend";
export type { BackendChoice } from "../generated/BackendChoice";
export type { BackendMeasurement } from "../generated/BackendMeasurement";
export type { BackendMeasurements } from "../generated/BackendMeasurements";
export type { BackendReason } from "../generated/BackendReason";
export type { ChatMessage } from "../generated/ChatMessage";
export type { EngineInfo } from "../generated/EngineInfo";
export type { EngineStatus } from "../generated/EngineStatus";
export type { ErrorCode } from "../generated/ErrorCode";
export type { FieldHints } from "../generated/FieldHints";
export type { HostEvent } from "../generated/HostEvent";
export type { HostRequest } from "../generated/HostRequest";
export type { HostStatus } from "../generated/HostStatus";
export {
  CALIBRATION_DECODE_TOKENS,
  CALIBRATION_PREFILL_TOKENS,
  HOST_NAME,
  MAX_AFTER_UTF16,
  MAX_BEFORE_UTF16,
  MAX_CHAT_MESSAGES,
  MAX_CHAT_UTF16,
  MAX_FRAME_BYTES,
  MAX_SUMMARIZE_UTF16,
  PROTOCOL_VERSION,
} from "../generated/limits";
export type { PageText } from "../generated/PageText";
export type { SuggestOutcome } from "../generated/SuggestOutcome";
export type { SuggestTiming } from "../generated/SuggestTiming";
export type { SummaryLength } from "../generated/SummaryLength";
export type { SuppressionReason } from "../generated/SuppressionReason";
export type { Tier } from "../generated/Tier";
export type { WireError } from "../generated/WireError";

/** Port from a content script to the engine page. */
export const AUTOCOMPLETE_PORT = "sotto.autocomplete";

/** Port from one of our own pages to the engine page; it carries `EngineStatus` one way and `StatusCommand` the other. */
export const STATUS_PORT = "sotto.status";

/** Port from a page of ours or a summary card to the engine page; `HostRequest` one way, `HostEvent` the other. */
export const ASSIST_PORT = "sotto.assist";

/** Port from the service worker to the engine page: the pipe to the host. */
export const HOST_PORT = "sotto.host";

export type { AnswerConfidence } from "../generated/AnswerConfidence";
export type { Limit } from "../generated/Limit";
export type { RouteDecision } from "../generated/RouteDecision";
export type { RouteInput } from "../generated/RouteInput";
export type { RouteReason } from "../generated/RouteReason";
