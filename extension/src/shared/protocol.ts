// One place to import what Rust owns: messages and limits, generated from core's protocol and telemetry; and the names
// of the ports.

export type { AdapterView } from "../generated/AdapterView";
export type { AnswerConfidence } from "../generated/AnswerConfidence";
export type { AnswerEngine } from "../generated/AnswerEngine";
export type { AnswerInfo } from "../generated/AnswerInfo";
export type { AnswerKind } from "../generated/AnswerKind";
export type { Attempt } from "../generated/Attempt";
export type { AttemptOutcome } from "../generated/AttemptOutcome";
export type { AuditHead } from "../generated/AuditHead";
export type { AuditPage } from "../generated/AuditPage";
export type { AuditRecord } from "../generated/AuditRecord";
export type { AuditVerdict } from "../generated/AuditVerdict";
export type { AutocompleteEvent } from "../generated/AutocompleteEvent";
export type { AutocompleteRequest } from "../generated/AutocompleteRequest";
export type { Backend } from "../generated/Backend";
export type { BackendChoice } from "../generated/BackendChoice";
export type { BackendMeasurement } from "../generated/BackendMeasurement";
export type { BackendMeasurements } from "../generated/BackendMeasurements";
export type { BackendReason } from "../generated/BackendReason";
export type { ChatMessage } from "../generated/ChatMessage";
export type { CloudReadiness } from "../generated/CloudReadiness";
export type { CloudSetting } from "../generated/CloudSetting";
export type { CloudState } from "../generated/CloudState";
export type { CloudStatus } from "../generated/CloudStatus";
export type { CloudTask } from "../generated/CloudTask";
export type { ConsentAnswer } from "../generated/ConsentAnswer";
export type { ConsentChoice } from "../generated/ConsentChoice";
export type { ConsentRequest } from "../generated/ConsentRequest";
export type { ConsentScope } from "../generated/ConsentScope";
export type { Cost } from "../generated/Cost";
export type { Deletion } from "../generated/Deletion";
export type { EndpointView } from "../generated/EndpointView";
export type { EngineInfo } from "../generated/EngineInfo";
export type { EngineStatus } from "../generated/EngineStatus";
export type { EnterpriseRule } from "../generated/EnterpriseRule";
export type { Epsilon } from "../generated/Epsilon";
export type { ErrorCode } from "../generated/ErrorCode";
export type { Escalation } from "../generated/Escalation";
export type { Export } from "../generated/Export";
export type { ExportedCount } from "../generated/ExportedCount";
export type { ExportKind } from "../generated/ExportKind";
export type { FieldHints } from "../generated/FieldHints";
export type { HostEvent } from "../generated/HostEvent";
export type { HostRequest } from "../generated/HostRequest";
export type { HostStatus } from "../generated/HostStatus";
export type { KeptText } from "../generated/KeptText";
export type { KeyState } from "../generated/KeyState";
export type { LastTraining } from "../generated/LastTraining";
export type { LatencyView } from "../generated/LatencyView";
export type { Limit } from "../generated/Limit";
export type { LocalAnswer } from "../generated/LocalAnswer";
export {
  CALIBRATION_DECODE_TOKENS,
  CALIBRATION_PREFILL_TOKENS,
  HOST_NAME,
  MAX_AFTER_UTF16,
  MAX_AUDIT_RECORDS,
  MAX_BEFORE_UTF16,
  MAX_CHAT_MESSAGES,
  MAX_CHAT_UTF16,
  MAX_EDITS,
  MAX_EXPORT_BYTES,
  MAX_FRAME_BYTES,
  MAX_KEPT_UTF16,
  MAX_OWN_TERM_UTF16,
  MAX_OWN_TERMS,
  MAX_SCOPE_MINUTES,
  MAX_SUMMARIZE_UTF16,
  MIN_KEPT_UTF16,
  PACK_CHUNK_BYTES,
  PROTOCOL_VERSION,
} from "../generated/limits";
export type { MemoryView } from "../generated/MemoryView";
export type { Observation } from "../generated/Observation";
export type { OwnTerm } from "../generated/OwnTerm";
export type { PackChunk } from "../generated/PackChunk";
export type { PackOffer } from "../generated/PackOffer";
export type { PageText } from "../generated/PageText";
export type { PersonalAnswer } from "../generated/PersonalAnswer";
export type { PersonalStatus } from "../generated/PersonalStatus";
export type { PersonalTask } from "../generated/PersonalTask";
export type { PhraseInput } from "../generated/PhraseInput";
export type { PlannedPack } from "../generated/PlannedPack";
export type { ReasonEntry } from "../generated/ReasonEntry";
export type { RedactionEdits } from "../generated/RedactionEdits";
export type { Replacement } from "../generated/Replacement";
export type { Route } from "../generated/Route";
export type { RouteDecision } from "../generated/RouteDecision";
export type { RouteInput } from "../generated/RouteInput";
export type { RouteReason } from "../generated/RouteReason";
export type { RouteRequest } from "../generated/RouteRequest";
export type { RouteSettings } from "../generated/RouteSettings";
export type { RouteState } from "../generated/RouteState";
export type { RouteTask } from "../generated/RouteTask";
export type { Schema } from "../generated/Schema";
export type { SiteRule } from "../generated/SiteRule";
export type { SuggestionSource } from "../generated/SuggestionSource";
export type { SuggestOutcome } from "../generated/SuggestOutcome";
export type { SuggestTiming } from "../generated/SuggestTiming";
export type { SummaryLength } from "../generated/SummaryLength";
export type { SuppressionReason } from "../generated/SuppressionReason";
export type { TelemetryView } from "../generated/TelemetryView";
export type { Tier } from "../generated/Tier";
export type { TierHealth } from "../generated/TierHealth";
export type { TierState } from "../generated/TierState";
export type { TrainingOutcome } from "../generated/TrainingOutcome";
export type { UpdatedPack } from "../generated/UpdatedPack";
export type { UpdateOutcome } from "../generated/UpdateOutcome";
export type { UpdatePlan } from "../generated/UpdatePlan";
export type { VersionEntry } from "../generated/VersionEntry";
export type { WireError } from "../generated/WireError";

/** Port from a content script to the engine page. */
export const AUTOCOMPLETE_PORT = "sotto.autocomplete";

/** Port from one of our own pages to the engine page; it carries `EngineStatus` one way and `StatusCommand` the other. */
export const STATUS_PORT = "sotto.status";

/** Port from a page of ours or a summary card to the engine page; `HostRequest` one way, `HostEvent` the other. */
export const ASSIST_PORT = "sotto.assist";

/** Port from the service worker to the engine page: the pipe to the host. */
export const HOST_PORT = "sotto.host";

/** Port from the consent sheet to the engine page; `SheetMessage` one way, `SheetEvent` the other. */
export const CONSENT_PORT = "sotto.consent";
