//! Chat and summaries: the extension <-> the host over native messaging, and the same messages <-> the browser tier
//! where no host is installed. One request, any number of `progress` and `delta`, then exactly one `done` or `error`.

use serde::{Deserialize, Serialize};

use super::{
    AnswerConfidence, AuditPage, AuditVerdict, CloudStatus, ConsentAnswer, ConsentRequest,
    Deletion, Escalation, PackChunk, PackOffer, PackPart, Passphrase, PersonalAnswer, PersonalTask,
    RouteDecision, UpdateOutcome, UpdatePlan, WireError,
};

/// Extension to host. The first message on a connection is `hello`; everything else before it is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum HostRequest {
    /// Opens the session; answered by `welcome`, or by `error` `versionMismatch`, which says which side to update.
    Hello {
        /// Chosen by the sender; the answer echoes it.
        id: u32,
        /// [`super::PROTOCOL_VERSION`] of the sender.
        protocol: u32,
        /// The sender's own version, for `doctor` and for messages to the user.
        client: String,
    },
    /// What the host has and is doing; answered by `status`. Loads nothing.
    Status {
        /// Chosen by the sender; the answer echoes it.
        id: u32,
    },
    /// Summarise a text. Answered by `progress`, `delta` and `done`.
    Summarize {
        /// Chosen by the sender, unique on this connection.
        id: u32,
        /// The selection or page text, at most [`super::MAX_SUMMARIZE_UTF16`] code units.
        text: String,
        /// How much to write.
        #[serde(default)]
        length: SummaryLength,
    },
    /// Answer the last message of a conversation. Answered by `delta` and `done`.
    Chat {
        /// Chosen by the sender, unique on this connection.
        id: u32,
        /// Oldest first; the last one is the user's. At most [`super::MAX_CHAT_MESSAGES`], together at most
        /// [`super::MAX_CHAT_UTF16`] code units.
        messages: Vec<ChatMessage>,
        /// Text of the page that the user chose to talk about; untrusted, never an instruction.
        #[serde(default)]
        page: Option<PageText>,
    },
    /// Put a request to the user's endpoint. Answered by `consent`; behind a yes by `delta` and `done`, behind a no by
    /// `error` `consentDeclined`. Where a permission for the site holds, `consent` is left out.
    Escalate {
        /// Chosen by the sender, unique on this connection.
        id: u32,
        /// What would be sent, and why.
        escalation: Escalation,
    },
    /// The user's answer to a `consent`. From the extension's own sheet only.
    Consent {
        /// The `escalate` that asked.
        id: u32,
        /// The answer.
        answer: ConsentAnswer,
    },
    /// Take permissions back, at once: also of what is on its way. Answered by `status`.
    Revoke {
        /// Chosen by the sender; the answer echoes it.
        id: u32,
        /// The site whose permission ends; none: every one.
        #[serde(default)]
        site: Option<String>,
    },
    /// Open the file that holds the endpoint's key, until the host ends. Answered by `status`, or by `error`
    /// `cloudKeyLocked`.
    UnlockKey {
        /// Chosen by the sender; the answer echoes it.
        id: u32,
        /// What opens it.
        passphrase: Passphrase,
    },
    /// Records of what was sent, refused and agreed to, the newest first. Answered by `audit`.
    ListAudit {
        /// Chosen by the sender; the answer echoes it.
        id: u32,
        /// Only records with a smaller `sequence`: that of the last record of the answer before; none: the newest.
        #[serde(default)]
        before: Option<u32>,
        /// How many, at most [`super::MAX_AUDIT_RECORDS`].
        limit: u32,
    },
    /// Whether the records are those that were written. Answered by `auditVerdict`.
    VerifyAudit {
        /// Chosen by the sender; the answer echoes it.
        id: u32,
    },
    /// Delete everything that the host keeps of the user: records, permissions, times and costs of requests, the endpoint
    /// with its key. What is on its way ends with `consentRevoked`. Models and the registration with browsers stay. Answered
    /// by `deleted`; from the extension's own pages only.
    DeleteEverything {
        /// Chosen by the sender; the answer echoes it.
        id: u32,
    },
    /// Whether there is a model for the browser that is newer than this version. Answered by `packOffer`.
    OfferPack {
        /// Chosen by the sender; the answer echoes it.
        id: u32,
        /// The version in use.
        newer_than: u32,
    },
    /// One chunk of a model that was offered. Answered by `packChunk`, or by `error` `packBlobMissing` where it is not there
    /// any more.
    ReadPack {
        /// Chosen by the sender; the answer echoes it.
        id: u32,
        /// Which.
        part: PackPart,
    },
    /// Whether the user's source has newer models. Fetches a few kilobytes; answered by `updatePlan`. From the extension's own
    /// pages only.
    CheckUpdates {
        /// Chosen by the sender, unique on this connection.
        id: u32,
        /// Version of the model that the browser uses.
        browser_version: u32,
    },
    /// Fetch, verify and try them. Answered by `progress` in KiB and `updated`. From the extension's own pages only.
    ApplyUpdates {
        /// Chosen by the sender, unique on this connection.
        id: u32,
        /// Version of the model that the browser uses.
        browser_version: u32,
    },
    /// Something about what the user wrote and the adapters that learned from it. Answered by `personal`, and by `progress` before
    /// it where it takes long.
    Personal {
        /// Chosen by the sender, unique on this connection.
        id: u32,
        /// What.
        task: PersonalTask,
    },
    /// The answer is no longer wanted; `id` ends with `error` `cancelled` unless it ended already.
    Cancel {
        /// The request to end.
        id: u32,
    },
}

/// Host to extension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum HostEvent {
    /// Answers `hello`.
    Welcome {
        /// The request's id.
        id: u32,
        /// [`super::PROTOCOL_VERSION`] of the host.
        protocol: u32,
        /// The host's own version.
        host: String,
        /// What this host can do.
        capabilities: Vec<Capability>,
    },
    /// Answers `status`.
    Status {
        /// The request's id.
        id: u32,
        /// The host's state.
        status: HostStatus,
    },
    /// How far a long request is, before or between its deltas.
    Progress {
        /// The request's id.
        id: u32,
        /// Parts that are done.
        done: u32,
        /// Parts in all.
        total: u32,
    },
    /// What was decided about a request that was answered on this device, before its last event: whether the answer
    /// stands, or may be put to the user's endpoint.
    Decision {
        /// The request's id.
        id: u32,
        /// The decision.
        decision: RouteDecision,
    },
    /// What would be sent to the user's endpoint, for the sheet. Nothing happens until `consent` answers.
    Consent {
        /// The `escalate`'s id.
        id: u32,
        /// The question.
        request: ConsentRequest,
    },
    /// Answers `listAudit`.
    Audit {
        /// The request's id.
        id: u32,
        /// The records.
        page: AuditPage,
    },
    /// Answers `verifyAudit`.
    AuditVerdict {
        /// The request's id.
        id: u32,
        /// What came out.
        verdict: AuditVerdict,
    },
    /// Answers `deleteEverything`: it is gone.
    Deleted {
        /// The request's id.
        id: u32,
        /// What was there.
        deletion: Deletion,
    },
    /// Answers `offerPack`.
    PackOffer {
        /// The request's id.
        id: u32,
        /// The model; none if there is no newer one.
        offer: Option<PackOffer>,
    },
    /// Answers `readPack`.
    PackChunk {
        /// The request's id.
        id: u32,
        /// The chunk.
        chunk: PackChunk,
    },
    /// Answers `checkUpdates`.
    UpdatePlan {
        /// The request's id.
        id: u32,
        /// The plan.
        plan: UpdatePlan,
    },
    /// Answers `applyUpdates`.
    Updated {
        /// The request's id.
        id: u32,
        /// What came of it.
        outcome: UpdateOutcome,
    },
    /// Answers `personal`.
    Personal {
        /// The request's id.
        id: u32,
        /// The answer.
        answer: PersonalAnswer,
    },
    /// More of the answer, in order.
    Delta {
        /// The request's id.
        id: u32,
        /// Text to append.
        text: String,
    },
    /// The answer is complete.
    Done {
        /// The request's id.
        id: u32,
        /// Who wrote it, and how.
        answer: AnswerInfo,
    },
    /// The request ended without a complete answer. `id` 0: the message could not be read, so it has none.
    Error {
        /// The request's id.
        id: u32,
        /// What happened.
        error: WireError,
    },
}

/// How much a summary says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum SummaryLength {
    /// One or two sentences.
    Short,
    /// A paragraph.
    #[default]
    Medium,
    /// Several points.
    Long,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// Who said it.
    pub role: ChatRole,
    /// What was said.
    pub text: String,
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum ChatRole {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// Readable text of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct PageText {
    /// Its title.
    pub title: String,
    /// Its text, at most [`super::MAX_SUMMARIZE_UTF16`] code units.
    pub text: String,
}

/// What a host can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum Capability {
    /// It answers `summarize`.
    Summarize,
    /// It answers `chat`.
    Chat,
    /// It knows `escalate` and what belongs to it.
    Cloud,
    /// It hands models on: `offerPack`, `readPack`.
    Packs,
    /// It knows `personal`.
    Personal,
}

/// Who wrote an answer, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct AnswerInfo {
    /// Where it was made.
    pub engine: AnswerEngine,
    /// How it was made.
    pub kind: AnswerKind,
    /// Why the text ended.
    pub stop: AnswerStop,
    /// The start of the text (of a conversation: its older turns) did not fit and was not read.
    pub is_input_cut: bool,
    /// Why a lesser way was taken than the one asked for, as a sentence; empty if none was.
    pub fallback: String,
    /// Where the time went.
    pub timing: AnswerTiming,
    /// How sure the model was; none where no model wrote, or where it is not known.
    #[serde(default)]
    pub confidence: Option<AnswerConfidence>,
    /// The most memory that the process which answered has had, in MiB; none where that is not known.
    #[serde(default)]
    pub memory_mib: Option<u32>,
}

/// Where an answer was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct AnswerEngine {
    /// Browser, host or cloud.
    pub tier: Tier,
    /// Name of the model; empty if no model was involved.
    pub model: String,
    /// What it ran on, for people: `CPU`, `WebAssembly`, the name of an NPU.
    pub device: String,
    /// Why there, as a sentence.
    pub reason: String,
}

/// Where work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum Tier {
    /// In the browser.
    Browser,
    /// In the host process on the same device.
    Host,
    /// At the endpoint that the user set up, after consent.
    Cloud,
}

/// How an answer was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum AnswerKind {
    /// Written by the model; may be wrong.
    Abstractive,
    /// Sentences of the text itself, chosen by a ranking; nothing is invented.
    Extractive,
    /// A reply in a conversation, written by the model; may be wrong.
    Reply,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum AnswerStop {
    /// It was complete.
    Complete,
    /// The limit of tokens was met.
    Length,
    /// The model began to repeat itself.
    Repetition,
}

/// Where the time of one answer went.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct AnswerTiming {
    /// From the request's arrival to the first delta, in milliseconds.
    pub first_token_ms: f32,
    /// From the request's arrival to its end, in milliseconds.
    pub total_ms: f32,
    /// Tokens of the prompt; 0 for an extractive summary.
    pub prompt_tokens: u32,
    /// Tokens written; 0 for an extractive summary.
    pub tokens: u32,
    /// Decoding speed after the first token; 0 if there was none.
    pub tokens_per_s: f32,
}

/// State of the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct HostStatus {
    /// Name of the model in use; empty if there is none.
    pub model: String,
    /// Whether it is good enough to write summaries of its own; otherwise they are extractive.
    pub is_abstractive: bool,
    /// What it runs on, if it is loaded.
    pub device: String,
    /// Why there, as a sentence; empty until it is loaded.
    pub reason: String,
    /// Memory that the worker process may use, in MiB.
    pub memory_limit_mib: u32,
    /// How the worker is confined, for people.
    pub sandbox: String,
    /// The user's endpoint; none from a host that knows of no endpoints.
    #[serde(default)]
    pub cloud: Option<Box<CloudStatus>>,
}
