//! What the options page shows: counts as they are, and quantiles in the place of histograms.

use serde::{Deserialize, Serialize};

use super::{Histogram, ReasonEntry, Telemetry, VersionEntry};
use crate::code::Code;

/// Latencies of one task on one tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct LatencyView {
    /// What for.
    pub task: Code,
    /// By whom.
    pub tier: Code,
    /// How many.
    pub count: u32,
    /// Half of them took no longer, in milliseconds; at most an eighth too large, as the others.
    pub p50_ms: u32,
    /// Nine in ten took no longer.
    pub p90_ms: u32,
    /// 99 in a hundred took no longer.
    pub p99_ms: u32,
}

/// Memory of one tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct MemoryView {
    /// Which tier.
    pub tier: Code,
    /// The median, in mebibytes.
    pub p50_mib: u32,
    /// The most.
    pub max_mib: u32,
}

/// Everything that was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct TelemetryView {
    /// By task and tier.
    pub latency: Vec<LatencyView>,
    /// By tier.
    pub memory: Vec<MemoryView>,
    /// By reason, the most frequent first.
    pub fallbacks: Vec<ReasonEntry>,
    /// By reason, the most frequent first.
    pub suppressions: Vec<ReasonEntry>,
    /// By check, the most frequent first.
    pub verification_failures: Vec<ReasonEntry>,
    /// The newest first.
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
    /// For the user's eyes.
    pub fn view(&self) -> TelemetryView {
        let quantile = |histogram: &Histogram, share| histogram.quantile(share).unwrap_or(0);
        let latency = self.latency.iter().map(|entry| LatencyView {
            task: entry.task.clone(),
            tier: entry.tier.clone(),
            count: entry.latency_ms.count(),
            p50_ms: quantile(&entry.latency_ms, 0.5),
            p90_ms: quantile(&entry.latency_ms, 0.9),
            p99_ms: quantile(&entry.latency_ms, 0.99),
        });
        let memory = self.memory.iter().map(|entry| MemoryView {
            tier: entry.tier.clone(),
            p50_mib: quantile(&entry.mib, 0.5),
            max_mib: quantile(&entry.mib, 1.0),
        });
        TelemetryView {
            latency: latency.collect(),
            memory: memory.collect(),
            fallbacks: most_frequent_first(&self.fallbacks),
            suppressions: most_frequent_first(&self.suppressions),
            verification_failures: most_frequent_first(&self.verification_failures),
            versions: self.versions.iter().rev().cloned().collect(),
            shown: self.shown,
            accepted: self.accepted,
            words_accepted: self.words_accepted,
            escalations_offered: self.escalations_offered,
            escalations_accepted: self.escalations_accepted,
        }
    }
}

fn most_frequent_first(entries: &[ReasonEntry]) -> Vec<ReasonEntry> {
    let mut sorted = entries.to_vec();
    sorted.sort_by_key(|entry| std::cmp::Reverse(entry.count));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Observation;

    #[test]
    fn quantiles_and_the_most_frequent_first() {
        let code = |name: &str| Code::try_from(name.to_owned()).unwrap();
        let mut telemetry = Telemetry::default();
        for latency_ms in 1..=100 {
            telemetry.record(&Observation::Answered {
                task: code("chat"),
                tier: code("host"),
                latency_ms,
            });
        }
        for reason in ["rare", "often", "often"] {
            let reason = code(reason);
            telemetry.record(&Observation::Suppressed { reason });
        }
        telemetry.record(&Observation::Memory {
            tier: code("browser"),
            mib: 10,
        });
        let view = telemetry.view();
        let [latency] = view.latency.as_slice() else {
            panic!("one task on one tier")
        };
        assert_eq!(latency.count, 100);
        assert!((50..=56).contains(&latency.p50_ms), "{}", latency.p50_ms);
        assert!((90..=101).contains(&latency.p90_ms), "{}", latency.p90_ms);
        assert!((99..=111).contains(&latency.p99_ms), "{}", latency.p99_ms);
        assert_eq!(view.suppressions[0].reason, code("often"));
        assert_eq!((view.memory[0].p50_mib, view.memory[0].max_mib), (10, 10));
    }
}
