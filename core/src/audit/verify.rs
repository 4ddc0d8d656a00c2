//! Whether a chain is whole, and where it is not.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Head, Record};

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(export, rename = "AuditProblem")
)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Problem {
    /// The entry at this position, from 0, is no record.
    Malformed {
        /// Where.
        position: u32,
    },
    /// The content of the record is not the one that was written.
    Changed {
        /// Which.
        sequence: u32,
    },
    /// Records from `first` to `last` are not there.
    Missing {
        /// The first of them.
        first: u32,
        /// The last of them.
        last: u32,
    },
    /// The record stands in another place than it was written in, or twice.
    OutOfOrder {
        /// Which.
        sequence: u32,
    },
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// How many records were read.
    pub records: u32,
    /// The newest of them, or the start.
    pub head: Head,
    /// Everything that is wrong, in the order in which it was met. None: the chain is whole.
    pub problems: Vec<Problem>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Checks entries, each of them a record or what could not be read as one, in the order in which they are stored.
///
/// `start` is what the first of them is chained to: [`Head::START`], or the last record that was deleted. `expected` is the
/// newest record as it was noted elsewhere; without it, records that were cut off at the end are not missed.
pub fn verify(entries: &[Option<Record>], start: Head, expected: Option<Head>) -> Verdict {
    let mut problems = Vec::new();
    let present: BTreeSet<u32> = entries
        .iter()
        .flatten()
        .map(|record| record.sequence)
        .collect();
    let mut last = start;
    let mut seen = BTreeSet::new();
    for (position, entry) in entries.iter().enumerate() {
        let Some(record) = entry else {
            problems.push(Problem::Malformed {
                position: u32::try_from(position).unwrap_or(u32::MAX),
            });
            continue;
        };
        let sequence = record.sequence;
        if !seen.insert(sequence) || sequence <= last.sequence {
            problems.push(Problem::OutOfOrder { sequence });
            continue;
        }
        if record.computed_hash() != record.hash {
            problems.push(Problem::Changed { sequence });
        } else if sequence == last.sequence + 1
            && record.previous != last.hash
            && !is_changed(&problems, last.sequence)
        {
            // The hash of the one before was made anew: what it is now is not what this one was chained to.
            problems.push(Problem::Changed {
                sequence: last.sequence.max(start.sequence + 1),
            });
        }
        missing(last.sequence, sequence, &present, &mut problems);
        last = record.head();
    }
    if let Some(expected) = expected {
        if expected.sequence > last.sequence {
            missing(
                last.sequence,
                expected.sequence.saturating_add(1),
                &present,
                &mut problems,
            );
        } else if expected != last && !is_changed(&problems, last.sequence) {
            problems.push(Problem::Changed {
                sequence: last.sequence,
            });
        }
    }
    Verdict {
        records: u32::try_from(entries.len()).unwrap_or(u32::MAX),
        head: last,
        problems,
    }
}

fn is_changed(problems: &[Problem], sequence: u32) -> bool {
    problems.contains(&Problem::Changed { sequence })
}

/// Notes what is in no entry between two numbers; what stands elsewhere is reported there.
fn missing(before: u32, after: u32, present: &BTreeSet<u32>, problems: &mut Vec<Problem>) {
    let mut first = before.saturating_add(1);
    for known in present
        .range(first.min(after)..after)
        .copied()
        .chain([after])
    {
        if first < known {
            problems.push(Problem::Missing {
                first,
                last: known - 1,
            });
        }
        first = known.saturating_add(1);
    }
}
