//! The record of what was sent, refused and agreed to, for the options page; and deleting everything.
//!
//! The records themselves are [`crate::audit`]'s, exported as they are stored. The host verifies them; the extension shows.

use serde::{Deserialize, Serialize};

use crate::audit::{Head, Problem, Record};

/// Some records, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    /// The records. Fewer than were asked for: there are no older ones.
    pub records: Vec<Record>,
    /// How many are stored in all.
    pub total: u32,
    /// The newest of all. Worth noting down: records that are cut off at the end are missed only by whoever knows it.
    pub head: Head,
}

/// Whether the records are those that were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct AuditVerdict {
    /// How many were read.
    pub records: u32,
    /// The newest of them.
    pub head: Head,
    /// How many things are wrong; 0: the chain is whole.
    pub problem_count: u32,
    /// The first of them, at most [`super::MAX_AUDIT_PROBLEMS`].
    pub problems: Vec<Problem>,
}

/// What was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    /// Records of the audit.
    pub audit_records: u32,
    /// Permissions for sites.
    pub permissions: u32,
    /// Times and costs of requests.
    pub sends: u32,
    /// An endpoint was set up and is not any more.
    pub endpoint: bool,
}
