//! The way to an endpoint: what the extension asks the host for, what the user is shown, and what the user answered.
//!
//! No message names a place to contact: the host knows one endpoint, set up on its command line. Names and origins in
//! here are for the user's eyes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::redact::{Kind, OwnTerm, Reason};

use super::{
    ChatMessage, CloudSetting, CloudState, EnterpriseRule, Limit, PageText, RouteState, SiteRule,
    SummaryLength,
};

/// A request that met a limit on this device, to be put to the endpoint if the user agrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct Escalation {
    /// What is asked.
    pub task: CloudTask,
    /// Origin of the page that the text comes from, as the browser says; none for a text without one.
    #[serde(default)]
    pub site: Option<String>,
    /// What the user decided for that site.
    pub site_rule: SiteRule,
    /// What is there on this device and what was tried. The host decides again, from these figures and from what it knows of
    /// the endpoint and the settings itself; `cloud` in here is not looked at.
    pub state: RouteState,
    /// Names and words that the user never wants to go out, at most [`super::MAX_OWN_TERMS`].
    #[serde(default)]
    pub own_terms: Vec<OwnTerm>,
    /// What the user changed in the preview.
    #[serde(default)]
    pub edits: RedactionEdits,
}

/// What an endpoint can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum CloudTask {
    /// As [`super::HostRequest::Summarize`].
    Summarize {
        /// The selection or page text.
        text: String,
        /// How much to write.
        #[serde(default)]
        length: SummaryLength,
    },
    /// As [`super::HostRequest::Chat`].
    Chat {
        /// Oldest first; the last one is the user's.
        messages: Vec<ChatMessage>,
        /// Text of the page that the user chose to talk about.
        #[serde(default)]
        page: Option<PageText>,
    },
}

/// What the user changed in the preview: texts, not places, so that they mean the same wherever they stand.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase", default)]
pub struct RedactionEdits {
    /// Texts that were found and shall go out as they are.
    pub lifted: Vec<String>,
    /// Texts that were not found and shall not go out.
    pub added: Vec<String>,
}

/// A task whose redaction the extension wants to see before anybody is asked; the wasm answers with a [`RedactionPreview`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct RedactionInput {
    /// The task.
    pub task: CloudTask,
    /// As in [`Escalation`].
    #[serde(default)]
    pub own_terms: Vec<OwnTerm>,
    /// As in [`Escalation`].
    #[serde(default)]
    pub edits: RedactionEdits,
}

/// What an endpoint would get to see of a task. Made with the host's own rules, but no permission for anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct RedactionPreview {
    /// The task with placeholders.
    pub task: CloudTask,
    /// What stands for what.
    pub replacements: Vec<Replacement>,
}

/// What the sheet shows: the exact bytes, where they would go, and what they would cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct ConsentRequest {
    /// Names this question; 32 hexadecimal digits. An answer must repeat it.
    pub nonce: String,
    /// Where it would go.
    pub endpoint: EndpointView,
    /// What the device could not do.
    pub limit: Limit,
    /// The body of the HTTP request, byte for byte.
    pub payload: String,
    /// SHA-256 of `payload` as UTF-8; 64 hexadecimal digits. The sheet answers with the sum of what it showed, not with
    /// this.
    pub payload_sha256: String,
    /// Length of `payload` as UTF-8.
    pub payload_bytes: u32,
    /// What stands for what in `payload`. The originals stay on the device.
    pub replacements: Vec<Replacement>,
    /// What it would cost at most; none where the user configured no price.
    pub cost: Option<Cost>,
    /// The question is void after this many seconds.
    pub expires_in_s: u32,
    /// Origin that a permission for a time would be for; none where there is none.
    pub site: Option<String>,
    /// Whether the key must be unlocked first.
    pub key: KeyState,
}

/// An endpoint, for the user's eyes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct EndpointView {
    /// The user's name for it.
    pub name: String,
    /// Scheme, host and port.
    pub origin: String,
    /// The model that would answer.
    pub model: String,
    /// It is on this device: nothing leaves the machine.
    pub is_loopback: bool,
}

/// One placeholder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct Replacement {
    /// As it stands in the payload: `[PERSON_1]`.
    pub placeholder: String,
    /// What kind of thing it stands for.
    pub kind: Kind,
    /// Why it was taken for one.
    pub reason: Reason,
    /// What it stands for.
    pub original: String,
    /// How often it stands there.
    pub count: u32,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Millionths of the currency's unit.
    pub micros: u32,
    /// As the user wrote it: `USD`.
    pub currency: String,
}

/// The user's answer in the sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct ConsentAnswer {
    /// The question's.
    pub nonce: String,
    /// SHA-256 of the payload that was on the screen, computed there.
    pub payload_sha256: String,
    /// What was chosen.
    pub choice: ConsentChoice,
}

/// What can be chosen in the sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ConsentChoice {
    /// Do not send.
    No,
    /// Send these bytes, once.
    Once,
    /// Send these bytes, and others of this site without asking, for a time.
    Site {
        /// For how long, at most [`super::MAX_SCOPE_MINUTES`].
        minutes: u32,
    },
    /// Hide more or less, and ask again.
    Revise {
        /// All changes, not only the new ones.
        edits: RedactionEdits,
    },
}

/// The endpoint as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct CloudStatus {
    /// The endpoint; none if none is set up.
    pub endpoint: Option<EndpointView>,
    /// What [`crate::policy`] wants to know of it.
    pub state: CloudState,
    /// Whether the host's own settings allow it to be offered.
    pub setting: CloudSetting,
    /// The administrator's rule, as this host read it.
    pub enterprise: EnterpriseRule,
    /// Its key.
    pub key: KeyState,
    /// What is left of the limits.
    pub usage: CloudUsage,
    /// Permissions that hold now.
    pub scopes: Vec<ConsentScope>,
}

/// Where the endpoint's key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum KeyState {
    /// It needs none.
    NotNeeded,
    /// It can be used.
    Ready,
    /// It is in a file that a passphrase opens; `unlockKey` brings it.
    Locked,
    /// There is none.
    Missing,
}

/// What is used and what is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct CloudUsage {
    /// Requests allowed in a minute.
    pub per_minute: u32,
    /// Requests allowed in a day.
    pub per_day: u32,
    /// Requests sent in the last day.
    pub sent_today: u32,
    /// Spent in the last thirty days; none where the user configured no price.
    pub spent: Option<Cost>,
    /// Most that may be spent in thirty days; none without a cap.
    pub cap: Option<Cost>,
}

/// A permission for a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct ConsentScope {
    /// The site's origin.
    pub site: String,
    /// How long it still holds.
    pub expires_in_s: u32,
}

/// A passphrase on its way from the user to the host. Never written anywhere: `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Passphrase(pub String);

impl fmt::Debug for Passphrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passphrase(..)")
    }
}
