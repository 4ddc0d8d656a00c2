//! What is counted, and where.

use serde::{Deserialize, Serialize};

use super::Histogram;
use crate::code::Code;

/// Most different keys of each kind: closed sets are far smaller, so more would be a mistake.
const MAX_KEYS: usize = 256;

/// Most versions that are remembered: years of updates.
pub(super) const MAX_VERSIONS: usize = 32;

/// Words that one acceptance counts for at most, so that one request cannot weigh more than the noise of an export allows for.
pub(super) const MAX_WORDS: u32 = 8;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Observation {
    /// A request was answered.
    Answered {
        /// What for.
        task: Code,
        /// By whom.
        tier: Code,
        /// From the request to the end of the answer; of a suggestion, to its drawing.
        latency_ms: u32,
    },
    /// How much memory a tier holds.
    Memory {
        /// Which tier.
        tier: Code,
        /// Mebibytes.
        mib: u32,
    },
    /// Another tier than the wanted one answered.
    FellBack {
        /// Why.
        reason: Code,
    },
    /// Something that had to be verified was not what it should be; nothing of it was used.
    VerificationFailed {
        /// Which check: the error's code.
        check: Code,
    },
    /// A version came into use: a model, an adapter, an update.
    Loaded {
        /// What kind of thing.
        what: Code,
        /// Its version; of an adapter, the day on which it was made, counted from 1970.
        version: u32,
    },
    /// A suggestion was not shown.
    Suppressed {
        /// Why.
        reason: Code,
    },
    /// A suggestion was shown.
    Shown,
    /// A suggestion that was shown was accepted, whole or in part.
    Accepted {
        /// How many of its words.
        words: u32,
    },
    /// The user was asked whether a request may go to the cloud.
    EscalationOffered,
    /// The user said yes.
    EscalationAccepted,
}

/// Latencies of one task on one tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencyEntry {
    /// What for.
    pub task: Code,
    /// By whom.
    pub tier: Code,
    /// In milliseconds.
    pub latency_ms: Histogram,
}

/// Memory of one tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryEntry {
    /// Which tier.
    pub tier: Code,
    /// In mebibytes.
    pub mib: Histogram,
}

/// How often something happened for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct ReasonEntry {
    /// Why.
    pub reason: Code,
    /// How often.
    pub count: u32,
}

/// How often a version came into use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct VersionEntry {
    /// What kind of thing.
    pub what: Code,
    /// Its version.
    pub version: u32,
    /// How often.
    pub count: u32,
}

/// All counts. Stored as it is, shown in the options page as it is, and never sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Telemetry {
    /// By task and tier.
    pub latency: Vec<LatencyEntry>,
    /// By tier.
    pub memory: Vec<MemoryEntry>,
    /// By reason.
    pub fallbacks: Vec<ReasonEntry>,
    /// By reason.
    pub suppressions: Vec<ReasonEntry>,
    /// By check.
    pub verification_failures: Vec<ReasonEntry>,
    /// In the order in which they came into use, the newest last; at most `MAX_VERSIONS`.
    pub versions: Vec<VersionEntry>,
    /// Suggestions shown.
    pub shown: u32,
    /// Suggestions accepted, whole or in part.
    pub accepted: u32,
    /// Words of them, at most eight of each.
    pub words_accepted: u32,
    /// Times that the cloud was offered.
    pub escalations_offered: u32,
    /// Times that the user said yes.
    pub escalations_accepted: u32,
}

impl Telemetry {
    /// Counts `observation`.
    pub fn record(&mut self, observation: &Observation) {
        let one_more = |count: &mut u32, by: u32| *count = count.saturating_add(by);
        match observation {
            Observation::Answered {
                task,
                tier,
                latency_ms,
            } => {
                let entry = entry(
                    &mut self.latency,
                    |entry| entry.task == *task && entry.tier == *tier,
                    || LatencyEntry {
                        task: task.clone(),
                        tier: tier.clone(),
                        latency_ms: Histogram::default(),
                    },
                );
                if let Some(entry) = entry {
                    entry.latency_ms.add(*latency_ms);
                }
            }
            Observation::Memory { tier, mib } => {
                let entry = entry(
                    &mut self.memory,
                    |entry| entry.tier == *tier,
                    || MemoryEntry {
                        tier: tier.clone(),
                        mib: Histogram::default(),
                    },
                );
                if let Some(entry) = entry {
                    entry.mib.add(*mib);
                }
            }
            Observation::FellBack { reason } => count(&mut self.fallbacks, reason, 1),
            Observation::VerificationFailed { check } => {
                count(&mut self.verification_failures, check, 1);
            }
            Observation::Loaded { what, version } => loaded(
                &mut self.versions,
                VersionEntry {
                    what: what.clone(),
                    version: *version,
                    count: 1,
                },
            ),
            Observation::Suppressed { reason } => count(&mut self.suppressions, reason, 1),
            Observation::Shown => one_more(&mut self.shown, 1),
            Observation::Accepted { words } => {
                one_more(&mut self.accepted, 1);
                one_more(&mut self.words_accepted, (*words).min(MAX_WORDS));
            }
            Observation::EscalationOffered => one_more(&mut self.escalations_offered, 1),
            Observation::EscalationAccepted => one_more(&mut self.escalations_accepted, 1),
        }
    }

    /// Adds the counts of `other`: the extension's and the host's are shown together.
    pub fn merge(&mut self, other: &Self) {
        for theirs in &other.latency {
            let mine = entry(
                &mut self.latency,
                |mine| mine.task == theirs.task && mine.tier == theirs.tier,
                || LatencyEntry {
                    latency_ms: Histogram::default(),
                    ..theirs.clone()
                },
            );
            if let Some(mine) = mine {
                mine.latency_ms.merge(&theirs.latency_ms);
            }
        }
        for theirs in &other.memory {
            let mine = entry(
                &mut self.memory,
                |mine| mine.tier == theirs.tier,
                || MemoryEntry {
                    mib: Histogram::default(),
                    ..theirs.clone()
                },
            );
            if let Some(mine) = mine {
                mine.mib.merge(&theirs.mib);
            }
        }
        for theirs in &other.fallbacks {
            count(&mut self.fallbacks, &theirs.reason, theirs.count);
        }
        for theirs in &other.suppressions {
            count(&mut self.suppressions, &theirs.reason, theirs.count);
        }
        for theirs in &other.verification_failures {
            let ReasonEntry { reason, count: by } = theirs;
            count(&mut self.verification_failures, reason, *by);
        }
        for theirs in &other.versions {
            loaded(&mut self.versions, theirs.clone());
        }
        for (mine, theirs) in [
            (&mut self.shown, other.shown),
            (&mut self.accepted, other.accepted),
            (&mut self.words_accepted, other.words_accepted),
            (&mut self.escalations_offered, other.escalations_offered),
            (&mut self.escalations_accepted, other.escalations_accepted),
        ] {
            *mine = mine.saturating_add(theirs);
        }
    }
}

/// The entry that fits, made if there is none and there is room.
fn entry<E>(
    entries: &mut Vec<E>,
    fits: impl Fn(&E) -> bool,
    make: impl FnOnce() -> E,
) -> Option<&mut E> {
    let at = entries.iter().position(&fits);
    if at.is_none() && entries.len() < MAX_KEYS {
        entries.push(make());
    }
    match at {
        Some(at) => entries.get_mut(at),
        None => entries.last_mut().filter(|last| fits(last)),
    }
}

/// Counts a version, which is the newest from now on; the oldest goes where there are too many.
fn loaded(entries: &mut Vec<VersionEntry>, mut newest: VersionEntry) {
    let is_same =
        |entry: &VersionEntry| entry.what == newest.what && entry.version == newest.version;
    if let Some(at) = entries.iter().position(is_same) {
        newest.count = newest.count.saturating_add(entries.remove(at).count);
    }
    entries.push(newest);
    if entries.len() > MAX_VERSIONS {
        entries.remove(0);
    }
}

fn count(entries: &mut Vec<ReasonEntry>, reason: &Code, by: u32) {
    let found = entry(
        entries,
        |entry| entry.reason == *reason,
        || ReasonEntry {
            reason: reason.clone(),
            count: 0,
        },
    );
    if let Some(found) = found {
        found.count = found.count.saturating_add(by);
    }
}
