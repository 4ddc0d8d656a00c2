//! Records and the hashes that chain them.

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::Event;
use super::canonical::canonical;
use crate::pack::Sha256;

/// Put in front, so that a hash made for something else can never pass here.
const CONTEXT: &[u8] = b"sotto-audit-v1\0";

/// One record, as it is stored and exported: a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(export, rename = "AuditRecord")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// From 1, without gaps.
    pub sequence: u32,
    /// When, in seconds since 1970, by the clock of the device.
    pub at_s: u32,
    /// What happened.
    pub event: Event,
    /// Hash of the record before; zeros for the first.
    pub previous: Sha256,
    /// Hash of this one.
    pub hash: Sha256,
}

/// The newest record: what the next one is chained to. Worth keeping in a second place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(export, rename = "AuditHead")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Head {
    /// Its number; 0 if there is none.
    pub sequence: u32,
    /// Its hash.
    pub hash: Sha256,
}

impl Head {
    /// Before the first record.
    pub const START: Self = Self {
        sequence: 0,
        hash: Sha256([0; 32]),
    };
}

impl Record {
    /// What the next record is chained to.
    pub fn head(&self) -> Head {
        Head {
            sequence: self.sequence,
            hash: self.hash,
        }
    }

    /// The hash that the record should have.
    pub(super) fn computed_hash(&self) -> Sha256 {
        hash(self.sequence, self.at_s, &self.event, self.previous)
    }
}

/// The record of `event` behind `head`; `None` if four thousand million were written.
pub fn append(head: Head, at_s: u32, event: Event) -> Option<Record> {
    let sequence = head.sequence.checked_add(1)?;
    let hash = hash(sequence, at_s, &event, head.hash);
    Some(Record {
        sequence,
        at_s,
        event,
        previous: head.hash,
        hash,
    })
}

fn hash(sequence: u32, at_s: u32, event: &Event, previous: Sha256) -> Sha256 {
    let body = serde_json::to_value(event)
        .ok()
        .and_then(|event| {
            canonical(&serde_json::json!({ "atS": at_s, "event": event, "sequence": sequence }))
        })
        .expect("events hold strings and whole numbers");
    let mut hasher = sha2::Sha256::new();
    hasher.update(CONTEXT);
    hasher.update(previous.0);
    hasher.update(body.as_bytes());
    Sha256(hasher.finalize().into())
}
