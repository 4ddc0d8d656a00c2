//! Content script <-> engine, over one port per frame. The service worker is not on this path.

use serde::{Deserialize, Serialize};

use super::{EngineStatus, WireError};

/// What the content script knows of the field from its attributes, without reading its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase", default)]
pub struct FieldHints {
    /// The field holds one line (`<input>`), so a suggestion must not contain a line break.
    pub single_line: bool,
    /// Room to the right of the caret, in characters of average width; `None` where the text wraps.
    pub room_chars: Option<u16>,
}

/// Content script to engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum AutocompleteRequest {
    /// Continue `before`. A newer `suggest` on the same port cancels an older one.
    Suggest {
        /// Chosen by the sender, unique on this port; the answer echoes it.
        id: u32,
        /// Text before the caret, at most `MAX_BEFORE_UTF16` code units, cut at the front.
        before: String,
        /// Text after the caret, at most `MAX_AFTER_UTF16` code units, cut at the end.
        after: String,
        /// Attributes of the field.
        field: FieldHints,
    },
    /// The suggestion is no longer wanted; `id` ends with `error` `cancelled` unless it ended already.
    Cancel {
        /// The request to end.
        id: u32,
    },
    /// The field was focused: load the engine now, so that the first keystroke does not wait for it.
    Warm {
        /// Echoed by the `status` that answers.
        id: u32,
    },
}

/// Engine to content script. Each `suggest` ends with exactly one `done` or `error`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum AutocompleteEvent {
    /// The request ended with a decision.
    Done {
        /// The request's id.
        id: u32,
        /// What may be shown, or why nothing is.
        outcome: SuggestOutcome,
        /// Where the time went.
        timing: SuggestTiming,
        /// Who wrote what is shown, or would have.
        source: SuggestionSource,
    },
    /// The request ended without a decision.
    Error {
        /// The request's id.
        id: u32,
        /// What happened.
        error: WireError,
    },
    /// Answers `warm`.
    Status {
        /// The request's id.
        id: u32,
        /// The engine's state.
        status: EngineStatus,
    },
}

/// Who wrote a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum SuggestionSource {
    /// The language model.
    Model,
    /// The user, on this site and more than once: a phrase of theirs that the extension keeps.
    Phrases,
}

/// A phrase of the user's that could be suggested, for the rules to judge.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct PhraseInput {
    /// Text before the caret, as in `suggest`.
    pub before: String,
    /// Text after the caret.
    pub after: String,
    /// Attributes of the field.
    pub field: FieldHints,
    /// What of the phrase comes behind the caret.
    pub rest: String,
}

impl std::fmt::Debug for PhraseInput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PhraseInput({} bytes)", self.rest.len())
    }
}

/// What the suggestion rules decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum SuggestOutcome {
    /// Show `text` at the caret; inserting it there is right as it stands.
    Show {
        /// The exact text to insert: no line break, spacing already fitted to both sides of the caret.
        text: String,
        /// Probability, by the model, of the words shown; in 0..=1.
        confidence: f32,
    },
    /// Show nothing.
    Suppress {
        /// Why, from the closed list.
        reason: SuppressionReason,
    },
}

/// Why nothing is shown. Closed; counted (never with text) so that silence can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum SuppressionReason {
    /// The field is one that is never read. Decided in the content script.
    SecureField,
    /// The user, the site or the page switched Sotto off here. Decided in the content script.
    OffHere,
    /// Text follows on the same line and the suggestion was not sure enough for that.
    MidLine,
    /// The half-typed word and the suggestion together are not a word.
    NotAWord,
    /// The half-typed word could not be reproduced within the budget.
    PrefixNotMet,
    /// Only what already follows the caret was suggested.
    DuplicatesWhatFollows,
    /// There is no room to the right of the caret.
    TooWide,
    /// The text is too long to work with, or too short to say anything about.
    TooLong,
    /// The model is not sure enough.
    LowConfidence,
    /// The text is in a script that the model does not know.
    ScriptMismatch,
    /// The user types faster than a suggestion could be read. Decided in the content script.
    TypingTooFast,
    /// An input method is composing. Decided in the content script.
    Composing,
    /// The text before the caret looks like a number, address or other personal data in progress, or the suggestion does.
    SensitiveContent,
    /// The suggestion would have been a word of the list that is never suggested (slurs, gendered pronouns, words for a
    /// faith), or the sentence is about a group of people.
    NeverSuggested,
    /// Nothing was left after the stop rules and trimming.
    NothingLeft,
}

/// Where the time of one suggestion went, measured in the engine.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct SuggestTiming {
    /// From the request's arrival to its answer, in milliseconds.
    pub total_ms: f32,
    /// Tokens that were prefilled for this request.
    pub prefill_tokens: u32,
    /// Tokens of the prompt that were already in the KV cache.
    pub reused_tokens: u32,
    /// Single-token decode steps.
    pub decode_steps: u32,
}
