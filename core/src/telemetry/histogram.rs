//! Counts by size, in buckets that grow with it: quantiles of milliseconds and of mebibytes to within an eighth.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Values below are counted one by one.
const EXACT: u32 = 16;
/// Buckets for each power of two above: an error of at most an eighth.
const PER_POWER: u32 = 8;

/// How many values of which size there were. Holds no value longer than it takes to count it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram {
    /// By number of the bucket; empty ones are left out.
    buckets: BTreeMap<u32, u32>,
}

impl Histogram {
    /// Counts `value`.
    pub fn add(&mut self, value: u32) {
        let count = self.buckets.entry(bucket(value)).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            let mine = self.buckets.entry(*bucket).or_insert(0);
            *mine = mine.saturating_add(*count);
        }
    }

    /// How many values there were.
    pub fn count(&self) -> u32 {
        self.buckets
            .values()
            .fold(0, |sum: u32, count| sum.saturating_add(*count))
    }

    /// The smallest bound that at least `share` of the values do not exceed: 0.5 for the median. `None` without values.
    ///
    /// It is the upper end of a bucket, so at most an eighth too large, and never too small.
    pub fn quantile(&self, share: f64) -> Option<u32> {
        let total: u64 = self.buckets.values().map(|&count| u64::from(count)).sum();
        let rank = ((share.clamp(0.0, 1.0) * total as f64).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += u64::from(*count);
            if seen >= rank {
                return Some(upper(*bucket));
            }
        }
        None
    }

    /// How many values are at most each of `bounds`, which grow, and above the one before; the last count is of those above all.
    pub(super) fn within(&self, bounds: &[u32]) -> Vec<u32> {
        let mut counts = vec![0_u32; bounds.len() + 1];
        for (bucket, count) in &self.buckets {
            let at = bounds.partition_point(|&bound| bound < upper(*bucket));
            counts[at] = counts[at].saturating_add(*count);
        }
        counts
    }
}

fn bucket(value: u32) -> u32 {
    if value < EXACT {
        return value;
    }
    let power = value.ilog2();
    let part = (value >> (power - 3)) & (PER_POWER - 1);
    EXACT + (power - 4) * PER_POWER + part
}

/// The largest value of a bucket.
fn upper(bucket: u32) -> u32 {
    if bucket < EXACT {
        return bucket;
    }
    let (power, part) = (
        (bucket - EXACT) / PER_POWER + 4,
        (bucket - EXACT) % PER_POWER,
    );
    let next = u64::from(PER_POWER + part + 1) << (power - 3).min(40);
    u32::try_from(next - 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_bucket_is_at_most_an_eighth_wide(value in any::<u32>()) {
            let upper = upper(bucket(value));
            prop_assert!(upper >= value);
            prop_assert!(upper - value <= value / 8);
            prop_assert_eq!(bucket(upper), bucket(value));
            if upper < u32::MAX {
                prop_assert_eq!(bucket(upper + 1), bucket(value) + 1);
            }
        }

        #[test]
        fn quantiles_are_those_of_the_values(mut values in proptest::collection::vec(0_u32..100_000, 1..300), share in 0.0_f64..=1.0) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|&value| histogram.add(value));
            values.sort_unstable();
            let rank = ((share * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1];
            let found = histogram.quantile(share).unwrap();
            prop_assert!(found >= exact && found - exact <= exact / 8, "{found} for {exact}");
        }
    }

    #[test]
    fn empty_merged_and_full() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        assert_eq!(histogram.count(), 0);
        (1..=100).for_each(|value| histogram.add(value));
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        assert_eq!(twice.count(), 200);
        assert_eq!(twice.quantile(0.5), histogram.quantile(0.5));
        assert_eq!(histogram.within(&[10, 63]), [10, 53, 37]);
        let full = Histogram {
            buckets: BTreeMap::from([(1, u32::MAX), (2, 5)]),
        };
        assert_eq!(full.count(), u32::MAX);
        assert_eq!(full.quantile(1.0), Some(2));
    }
}
