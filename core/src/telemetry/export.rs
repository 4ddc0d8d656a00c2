//! What the user may give to somebody else: counts with noise.

use serde::{Deserialize, Serialize};

use super::counters::MAX_WORDS;
use super::{Epsilon, Telemetry, discrete_laplace};
use crate::code::Code;

/// By how much one request can change all exported counts together: one latency, one memory figure, one fallback, one failed verification, one
/// suggestion shown or suppressed, one acceptance with its words, one escalation offered and accepted.
pub const SENSITIVITY: u32 = 1 + 1 + 1 + 1 + 1 + 1 + MAX_WORDS + 1 + 1;

/// Upper ends of the exported classes of latencies, in milliseconds. Few, because each gets noise of its own.
const LATENCY_MS: [u32; 8] = [63, 127, 255, 511, 1_023, 2_047, 4_095, 16_383];
/// Of memory, in mebibytes.
const MEMORY_MIB: [u32; 5] = [127, 255, 511, 1_023, 4_095];

/// Every key there can be. Versions are no keys: which ones somebody had is told to nobody. All are exported, also those that never occurred: which ones did would say something, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct Schema {
    /// Tasks.
    pub tasks: Vec<Code>,
    /// Tiers.
    pub tiers: Vec<Code>,
    /// Reasons of fallbacks.
    pub fallbacks: Vec<Code>,
    /// Reasons of suppressions.
    pub suppressions: Vec<Code>,
    /// Checks that can fail.
    pub verification_failures: Vec<Code>,
}

/// Counts with noise, and how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// What one request may change its probability by, for all counts together. Exports add up.
    pub epsilon: Epsilon,
    /// [`SENSITIVITY`].
    pub sensitivity: u32,
    /// Every count there can be.
    pub counts: Vec<ExportedCount>,
}

/// One count with noise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct ExportedCount {
    /// Its name, such as `latency.chat.host.1023`.
    pub name: String,
    /// May be below zero: that is the noise, and rounding it up would falsify sums.
    pub count: i32,
}

impl Telemetry {
    /// All counts of `schema` with noise, private to `epsilon` for each request.
    ///
    /// `random` gives 64 unpredictable bits a call.
    pub fn export(
        &self,
        schema: &Schema,
        epsilon: Epsilon,
        random: &mut impl FnMut() -> u64,
    ) -> Export {
        let counts = self.all(schema).into_iter();
        let counts = counts.map(|(name, count)| {
            let noisy =
                i64::from(count).saturating_add(discrete_laplace(SENSITIVITY, epsilon, random));
            ExportedCount {
                name,
                count: i32::try_from(noisy).unwrap_or(if noisy < 0 { i32::MIN } else { i32::MAX }),
            }
        });
        Export {
            epsilon,
            sensitivity: SENSITIVITY,
            counts: counts.collect(),
        }
    }

    /// Every count of `schema`, in its order.
    pub(super) fn all(&self, schema: &Schema) -> Vec<(String, u32)> {
        let mut all = Vec::new();
        let mut classes = |prefix: String, bounds: &[u32], counts: Vec<u32>| {
            let names = bounds.iter().map(u32::to_string).chain(["more".to_owned()]);
            all.extend(
                names
                    .zip(counts)
                    .map(|(name, count)| (format!("{prefix}.{name}"), count)),
            );
        };
        for task in &schema.tasks {
            for tier in &schema.tiers {
                let entry = self
                    .latency
                    .iter()
                    .find(|entry| entry.task == *task && entry.tier == *tier);
                let counts = entry.map_or_else(
                    || vec![0; LATENCY_MS.len() + 1],
                    |entry| entry.latency_ms.within(&LATENCY_MS),
                );
                classes(format!("latency.{task}.{tier}"), &LATENCY_MS, counts);
            }
        }
        for tier in &schema.tiers {
            let entry = self.memory.iter().find(|entry| entry.tier == *tier);
            let counts = entry.map_or_else(
                || vec![0; MEMORY_MIB.len() + 1],
                |entry| entry.mib.within(&MEMORY_MIB),
            );
            classes(format!("memory.{tier}"), &MEMORY_MIB, counts);
        }
        for (prefix, reasons, entries) in [
            ("fallback", &schema.fallbacks, &self.fallbacks),
            ("suppression", &schema.suppressions, &self.suppressions),
            (
                "verification",
                &schema.verification_failures,
                &self.verification_failures,
            ),
        ] {
            for reason in reasons {
                let count = entries
                    .iter()
                    .find(|entry| entry.reason == *reason)
                    .map_or(0, |entry| entry.count);
                all.push((format!("{prefix}.{reason}"), count));
            }
        }
        all.extend(
            [
                ("shown", self.shown),
                ("accepted", self.accepted),
                ("wordsAccepted", self.words_accepted),
                ("escalationsOffered", self.escalations_offered),
                ("escalationsAccepted", self.escalations_accepted),
            ]
            .map(|(name, count)| (name.to_owned(), count)),
        );
        all
    }
}
