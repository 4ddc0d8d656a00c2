//! Where a request goes: what the decision is made from, and the decision with its reason. The rules are in
//! [`crate::policy`]; the engine page and the host both ask them.

use serde::{Deserialize, Serialize};

use super::{AnswerKind, AnswerStop, Tier};

/// Everything that one decision is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct RouteInput {
    /// What is asked.
    pub request: RouteRequest,
    /// What is there, and what was tried already.
    pub state: RouteState,
    /// What is allowed.
    pub settings: RouteSettings,
}

/// What is asked. Its size, never its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct RouteRequest {
    /// The use.
    pub task: RouteTask,
    /// Everything that the model would read, in UTF-16 code units.
    pub input_utf16: u32,
    /// What the user decided for the site that the text comes from.
    pub site: SiteRule,
}

/// The three uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum RouteTask {
    /// Finish the sentence at the caret.
    Autocomplete,
    /// Summarise a text.
    Summarize,
    /// Answer in a conversation.
    Chat,
}

/// What the user decided for a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum SiteRule {
    /// Nothing in particular, or the text comes from no site.
    Normal,
    /// Text of this site never leaves the device.
    LocalOnly,
    /// Sotto is off here. What the user asks for by hand is still answered, on the device.
    Off,
}

/// What is there, and what was tried already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct RouteState {
    /// The engine in the browser.
    pub browser: TierState,
    /// The host on the same device.
    pub host: TierState,
    /// The endpoint that the user set up.
    pub cloud: CloudState,
    /// What was tried for this request, oldest first. Empty before anything ran.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
}

/// A tier on this device.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct TierState {
    /// Whether it can be used.
    pub health: TierHealth,
    /// Context of its model, in tokens; 0 if that is not known yet.
    pub context_tokens: u32,
    /// Decoding speed when it was last measured.
    pub tokens_per_s: Option<f32>,
    /// Failures since it last answered.
    pub failures: u32,
}

/// Whether a tier can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum TierHealth {
    /// It is not installed, or the browser may not start it.
    Absent,
    /// It was not tried yet.
    Unknown,
    /// It works.
    Ready,
    /// It is there and does not work.
    Failing,
}

/// The endpoint that the user set up, as far as this side knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct CloudState {
    /// Whether it could be asked now.
    pub readiness: CloudReadiness,
    /// Context of its model, in tokens; 0 if that is not known.
    pub context_tokens: u32,
}

/// Whether an endpoint could be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum CloudReadiness {
    /// The user set none up.
    NotConfigured,
    /// Nobody has said.
    Unknown,
    /// It could be asked.
    Ready,
    /// It needs a key that is not there.
    KeyMissing,
    /// The number of requests per minute or day is used up.
    Throttled,
    /// The spending cap is met.
    BudgetSpent,
    /// It did not answer when it was last asked.
    Unreachable,
}

/// One try for this request.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Who tried.
    pub tier: Tier,
    /// What came of it.
    pub outcome: AttemptOutcome,
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum AttemptOutcome {
    /// It could not be reached; nothing was sent.
    Unreachable,
    /// It has no model or no runtime for this; nothing was written.
    CannotServe,
    /// It ended in the middle.
    Failed,
    /// The user stopped it.
    Cancelled,
    /// It answered.
    Answered {
        /// What is known of the answer.
        answer: LocalAnswer,
    },
}

/// What is known of an answer that was made on the device. Figures, never its text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct LocalAnswer {
    /// How it was made.
    pub kind: AnswerKind,
    /// Why it ended.
    pub stop: AnswerStop,
    /// Something of the input did not fit and was not read.
    pub is_input_cut: bool,
    /// A lesser way was taken than the one asked for.
    pub is_lesser_way: bool,
    /// Decoding speed.
    pub tokens_per_s: Option<f32>,
    /// How sure the model was.
    pub confidence: Option<AnswerConfidence>,
}

/// How sure a model was of what it wrote.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct AnswerConfidence {
    /// Mean natural logarithm of the probability of the tokens written.
    pub mean_log_prob: f32,
    /// Mean entropy of the distributions they were chosen from, in nats.
    pub mean_entropy: f32,
    /// Share of the tokens that end four tokens which stood in the text before, in 0..=1.
    pub repeated_share: f32,
}

/// What is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct RouteSettings {
    /// Suggestions are on.
    pub suggest: bool,
    /// Chat and summaries may go to the host.
    pub use_host: bool,
    /// What may be done with an endpoint.
    pub cloud: CloudSetting,
    /// What whoever administers this device decided.
    pub enterprise: EnterprisePolicy,
}

/// What the user wants done with an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum CloudSetting {
    /// Never even offer it.
    #[default]
    Off,
    /// Offer it where a local answer is not good enough; ask before anything is sent.
    Ask,
}

/// What whoever administers this device decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct EnterprisePolicy {
    /// The host.
    pub host: EnterpriseRule,
    /// Any endpoint.
    pub cloud: EnterpriseRule,
}

/// One decision of an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum EnterpriseRule {
    /// Nothing was decided against it.
    Allowed,
    /// It is forbidden.
    Forbidden,
    /// There is a policy, and it could not be read.
    Unreadable,
}

/// Where a request goes, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct RouteDecision {
    /// Where to. Behind an answer: whose answer stands, or that an endpoint may be offered.
    pub route: Route,
    /// Why there.
    pub reason: RouteReason,
    /// What the device could not do, where it met a limit.
    pub limit: Option<Limit>,
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum Route {
    /// The engine in the browser.
    Browser,
    /// The host on the same device.
    Host,
    /// The endpoint may be offered. **It is never more than an offer**: sending needs the user's consent to the bytes.
    Cloud,
    /// Nowhere.
    Refuse,
}

/// Why a request goes where it goes. Closed: each has a sentence in core and one in the extension's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum RouteReason {
    /// Suggestions are made in the browser, always.
    AutocompleteStays,
    /// The host has the larger model.
    HostPreferred,
    /// The user switched the host off.
    HostOff,
    /// The administrator forbids the host, or has a policy that cannot be read.
    HostForbidden,
    /// There is no host.
    HostAbsent,
    /// The host does not work, or failed several times in a row.
    HostFailing,
    /// The host could not be reached for this request.
    HostUnreachable,
    /// The host has no model or no runtime.
    HostCannot,
    /// The host was measured to be too slow to wait for, and the browser is faster.
    HostSlow,
    /// The browser cannot run its model, so the host is tried whatever speaks against it.
    HostOnly,
    /// The user switched suggestions off.
    SuggestionsOff,
    /// Sotto is off on this site.
    OffHere,
    /// The user stopped it.
    Cancelled,
    /// The answer was made on the device and met no limit.
    AnswerStands,
    /// The answer met no limit that is known; how sure the model was is not known.
    ConfidenceUnknown,
    /// A limit was met, and the endpoint may be offered.
    CloudNeedsConsent,
    /// A limit was met; the user did not switch endpoints on.
    CloudOff,
    /// A limit was met; the administrator forbids endpoints, or has a policy that cannot be read.
    CloudForbidden,
    /// A limit was met; text of this site stays on the device.
    CloudNotHere,
    /// A limit was met; no endpoint is set up.
    CloudNotConfigured,
    /// A limit was met; nothing is known of the endpoint.
    CloudUnknown,
    /// A limit was met; the endpoint's key is missing.
    CloudKeyMissing,
    /// A limit was met; the requests of this minute or day are used up.
    CloudThrottled,
    /// A limit was met; the spending cap is met, too.
    CloudBudgetSpent,
    /// A limit was met; the endpoint did not answer when it was last asked.
    CloudUnreachable,
    /// A limit was met; the endpoint's model could not read the text either.
    CloudTooLong,
    /// A limit was met; the endpoint was asked already.
    CloudTried,
}

/// What the device could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum Limit {
    /// Neither the browser nor a host can answer.
    NoLocalTier,
    /// The answer broke off.
    LocalFailed,
    /// The answer goes round in circles.
    Repeats,
    /// The model is too small for what was asked; a lesser way was taken.
    LesserWay,
    /// The text did not fit and was not read whole.
    InputCut,
    /// The answer did not fit and is not whole.
    AnswerCut,
    /// The model was not sure of what it wrote.
    LowConfidence,
    /// The answer came too slowly to wait for.
    TooSlow,
}
