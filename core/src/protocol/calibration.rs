//! What the calibration measured, and what was chosen from it. The rule is in [`crate::backend`].

use serde::{Deserialize, Serialize};

use super::{Backend, BackendReason};

/// Input of the choice: one measurement for each backend that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct BackendMeasurements {
    /// The user's or a test's wish; `None` chooses by speed.
    #[serde(default)]
    pub requested: Option<Backend>,
    /// What was found, in any order, at most one for each backend.
    pub measurements: Vec<BackendMeasurement>,
}

/// What was found out about one backend.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct BackendMeasurement {
    /// Which backend.
    pub backend: Backend,
    /// It runs the model and passed the known-answer test.
    pub available: bool,
    /// Why it is not available.
    #[serde(default)]
    pub failure: Option<BackendReason>,
    /// Time to prefill 64 tokens, in milliseconds; `None` if not measured.
    #[serde(default)]
    pub prefill_ms: Option<f32>,
    /// Speed of decoding one token after the other; `None` if not measured.
    #[serde(default)]
    pub decode_tok_per_s: Option<f32>,
    /// The GPU adapter says that it is a software one.
    #[serde(default)]
    pub software_adapter: bool,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct BackendChoice {
    /// Where the model will run.
    pub backend: Backend,
    /// Why there, from the closed list.
    pub reason: BackendReason,
    /// The reason as a sentence, with the measured figures where there are any.
    pub detail: String,
}
