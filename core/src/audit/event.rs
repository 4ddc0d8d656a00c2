//! What is recorded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Endpoint;
use crate::code::Code;
use crate::pack::Sha256;
use crate::redact::Kind;

/// One thing that happened to a request, or to the rules. `request` is the `sequence` of the record that the request began with,
/// which is a [`Event::Decided`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(export, rename = "AuditEvent")
)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Event {
    /// A request was routed, or refused, by the policy.
    Decided {
        /// Which request.
        request: u32,
        /// What for.
        task: Code,
        /// Where to.
        route: Code,
        /// Why.
        reason: Code,
    },
    /// The user was shown what would be sent.
    ConsentAsked {
        /// Which request.
        request: u32,
        /// Where to.
        endpoint: Endpoint,
        /// Of the bytes that were shown.
        payload: Sha256,
        /// How many there were.
        payload_bytes: u32,
        /// How many values of each kind were replaced.
        redactions: BTreeMap<Kind, u32>,
    },
    /// The user agreed.
    ConsentGiven {
        /// Which request.
        request: u32,
        /// Once, or a site for a time.
        scope: Code,
        /// Until when, in seconds since 1970.
        expires_s: u32,
    },
    /// The user did not agree, or closed the sheet.
    ConsentDeclined {
        /// Which request.
        request: u32,
    },
    /// The user took an agreement back.
    ConsentRevoked {
        /// What was taken back.
        scope: Code,
    },
    /// A payload leaves the device. Written before it does, and again for each try.
    Sent {
        /// Which request.
        request: u32,
        /// Where to.
        endpoint: Endpoint,
        /// Under which agreement: once, or a site for a time.
        scope: Code,
        /// Of the bytes that left: the same as those that were shown.
        payload: Sha256,
        /// How many there were.
        payload_bytes: u32,
        /// How many values of each kind were replaced.
        redactions: BTreeMap<Kind, u32>,
    },
    /// Something kept a payload from leaving: no consent, other bytes, a limit.
    Blocked {
        /// Which request.
        request: u32,
        /// Why.
        reason: Code,
    },
    /// The exchange ended.
    Ended {
        /// Which request.
        request: u32,
        /// Complete, cancelled, or what went wrong.
        outcome: Code,
        /// Status of HTTP, if there was an answer.
        status: Option<u16>,
        /// Bytes of the answer.
        answer_bytes: u32,
        /// From the first byte sent to the end.
        duration_ms: u32,
    },
    /// Older records were deleted, by the user or by age; the chain goes on from here.
    Pruned {
        /// How many.
        records: u32,
        /// Why.
        reason: Code,
    },
}
