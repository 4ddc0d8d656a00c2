//! Tables of one person's text.

use std::collections::BTreeMap;

use super::{CHECK_BITS, LEVELS, Ngrams, SHARE_BITS, TOKEN_BITS, hash};

/// Longest context.
const LONGEST: usize = 3;

/// Most tokens that are kept of a context, the most frequent ones.
const MOST_PER_CONTEXT: usize = 16;

/// Taken off each count: a share of a few sightings says little.
const DISCOUNT: f32 = 0.75;

/// Entries of a bucket, about.
const BUCKET: usize = 16;

/// Most entries: a megabyte.
const MAX_ENTRIES: usize = 250_000;

impl Ngrams {
    /// Counts what came next in `texts`. `strength` is λ of contexts of two tokens; those of one get half of it, those of three
    /// half more. Shares are powers of the root of two, down to a 181th: a frequent context has many that come next. `None` if there is nothing to count, or the vocabulary is larger than entries can say.
    pub(crate) fn count(texts: &[Vec<u32>], vocab: usize, strength: f32) -> Option<Self> {
        if vocab > 1 << TOKEN_BITS {
            return None;
        }
        let mut contexts: BTreeMap<&[u32], BTreeMap<u32, u32>> = BTreeMap::new();
        for text in texts {
            for length in 1..=LONGEST {
                for window in text.windows(length + 1) {
                    let (context, token) = (&window[..length], window[length]);
                    *contexts
                        .entry(context)
                        .or_default()
                        .entry(token)
                        .or_default() += 1;
                }
            }
        }
        let mut entries = Vec::new();
        for (context, next) in contexts {
            let total: u32 = next.values().sum();
            let mut next: Vec<(u32, u32)> = next.into_iter().collect();
            next.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
            for (token, count) in next.into_iter().take(MOST_PER_CONTEXT) {
                let share = (count as f32 - DISCOUNT) / total as f32;
                entries.push((count, hash::hash(context), entry(context, token, share)));
            }
        }
        // The most frequent first, where there are too many.
        entries.sort_by_key(|&(count, hash, _)| (std::cmp::Reverse(count), hash));
        entries.truncate(MAX_ENTRIES);
        let buckets = (entries.len() / BUCKET).next_power_of_two().max(2);
        let shift = u64::BITS - buckets.trailing_zeros();
        entries.sort_by_key(|&(_, hash, entry)| (hash >> shift, entry));
        let mut offsets = vec![0; buckets + 1];
        for (_, hash, _) in &entries {
            offsets[(hash >> shift) as usize + 1] += 1;
        }
        for at in 1..offsets.len() {
            offsets[at] += offsets[at - 1];
        }
        let entries: Vec<u32> = entries.into_iter().map(|(_, _, entry)| entry).collect();
        let weights = vec![0.5 * strength, strength, 1.5 * strength];
        (!entries.is_empty())
            .then(|| {
                Self::new(weights, offsets, entries)
                    .and_then(|table| table.with_shares(&shares()))
                    .ok()
            })
            .flatten()
    }
}

/// What levels stand for: one at the top, half for every two steps down.
fn shares() -> [f32; LEVELS] {
    std::array::from_fn(|level| (-0.5 * (LEVELS - 1 - level) as f32).exp2())
}

fn entry(context: &[u32], token: u32, share: f32) -> u32 {
    let steps = (2.0 * share.log2()).round();
    let level = (steps + (LEVELS - 1) as f32).clamp(0.0, (LEVELS - 1) as f32) as u32;
    let check = hash::hash(context) as u32 & ((1 << CHECK_BITS) - 1);
    check << (TOKEN_BITS + SHARE_BITS) | token << SHARE_BITS | level
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(table: &Ngrams, context: &[u32]) -> Vec<(u32, f32)> {
        let mut next: Vec<(u32, f32)> = table.next(context).collect();
        next.sort_by_key(|&(token, _)| token);
        next
    }

    #[test]
    fn shares_are_discounted_counts() {
        let texts = [vec![1, 2, 3, 1, 2, 3], vec![1, 2, 4]];
        let table = Ngrams::count(&texts, 8, 0.2).unwrap();
        // 2 came three times behind 1, out of three; 3 twice and 4 once behind 1 2.
        let step = |steps: f32| (-0.5 * steps).exp2();
        // 0.75, then 1.25 and 0.25 thirds, rounded to powers of the root of two.
        assert_eq!(next(&table, &[1]), [(2, step(1.0))]);
        assert_eq!(next(&table, &[1, 2]), [(3, step(3.0)), (4, step(7.0))]);
        assert_eq!(next(&table, &[3, 1, 2]), [(3, 0.25)]);
        // Texts do not run into each other.
        assert_eq!(next(&table, &[2, 3, 1]), [(2, 0.25)]);
        assert_eq!(next(&table, &[3]), [(1, 0.25)]);
        assert_eq!(table.parts().0[0], [0.1, 0.2, 0.3]);
    }

    #[test]
    fn what_is_rare_behind_a_frequent_token_has_a_small_share() {
        let text: Vec<u32> = (0..3_000).flat_map(|at| [1, 2 + at % 10]).collect();
        let table = Ngrams::count(&[text], 16, 0.2).unwrap();
        let shares = next(&table, &[1]);
        assert_eq!(shares.len(), 10);
        assert!(shares.iter().all(|(_, share)| (0.08..0.12).contains(share)));
    }

    #[test]
    fn many_contexts_are_all_found() {
        let text: Vec<u32> = (0..5_000).map(|at| at * 7 % 4_001).collect();
        let table = Ngrams::count(std::slice::from_ref(&text), 4_001, 0.2).unwrap();
        assert!(text.windows(4).all(|window| {
            let found = table
                .next(&window[..3])
                .any(|(token, _)| token == window[3]);
            found
                && table
                    .next(&window[1..3])
                    .any(|(token, _)| token == window[3])
        }));
    }

    #[test]
    fn nothing_to_count_gives_no_table() {
        assert!(Ngrams::count(&[], 8, 0.2).is_none());
        assert!(Ngrams::count(&[vec![1]], 8, 0.2).is_none());
        assert!(Ngrams::count(&[vec![1, 2]], 20_000, 0.2).is_none());
    }
}
