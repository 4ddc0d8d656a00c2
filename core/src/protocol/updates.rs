//! Newer models, from the source that the user named on the host's command line. Nothing is fetched but on these requests.

use serde::{Deserialize, Serialize};

/// What an update would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct UpdatePlan {
    /// Where from: an address or a folder, as the user said.
    pub source: String,
    /// The models that have a newer version.
    pub packs: Vec<PlannedPack>,
    /// What else there is to say, as sentences.
    pub notes: Vec<String>,
}

/// One model of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct PlannedPack {
    /// Its name.
    pub name: String,
    /// The version that is offered.
    pub version: u32,
    /// KiB that would be fetched.
    pub fetch_kib: u32,
    /// Whether it is for the browser, which takes it over afterwards.
    pub is_for_browser: bool,
    /// Why this version was refused here before; none if it was not. It is left out of the update then.
    pub refused: Option<String>,
}

/// What an update brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct UpdateOutcome {
    /// The models that the host uses from now on.
    pub active: Vec<UpdatedPack>,
    /// The models that wait for the browser to try them.
    pub candidates: Vec<UpdatedPack>,
}

/// A model that an update brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct UpdatedPack {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
}
