// One place to import the messages that Rust owns, and the limits that belong to them. The limits are constants of
// core/src/protocol/mod.rs; they are repeated here because types alone cannot carry a value.

export type { AutocompleteEvent } from "../generated/AutocompleteEvent";
export type { AutocompleteRequest } from "../generated/AutocompleteRequest";
export type { Backend } from "../generated/Backend";
export type { BackendReason } from "../generated/BackendReason";
export type { EngineInfo } from "../generated/EngineInfo";
export type { EngineStatus } from "../generated/EngineStatus";
export type { ErrorCode } from "../generated/ErrorCode";
export type { FieldHints } from "../generated/FieldHints";
export type { SuggestOutcome } from "../generated/SuggestOutcome";
export type { SuggestTiming } from "../generated/SuggestTiming";
export type { SuppressionReason } from "../generated/SuppressionReason";
export type { WireError } from "../generated/WireError";

/** `PROTOCOL_VERSION` of core. The worker compares it with the wasm's own. */
export const PROTOCOL_VERSION = 1;

/** `MAX_BEFORE_UTF16` of core: text before the caret that a request may carry. */
export const MAX_BEFORE_UTF16 = 2_000;

/** `MAX_AFTER_UTF16` of core: text after the caret that a request may carry. */
export const MAX_AFTER_UTF16 = 400;

/** Port from a content script to the engine page. */
export const AUTOCOMPLETE_PORT = "sotto.autocomplete";

/** Port from one of our own pages to the engine page; it carries `EngineStatus` one way and `StatusCommand` the other. */
export const STATUS_PORT = "sotto.status";
