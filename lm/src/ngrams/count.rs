//! Tables of one person's text.

use std::collections::BTreeMap;

use super::{CHECK_BITS, Ngrams, SHARE_BITS, TOKEN_BITS, hash};

/// Longest context.
const LONGEST: usize = 3;

/// Most tokens that are kept of a context, the most frequent ones.
const MOST_PER_CONTEXT: usize = 4;

/// Taken off each count: a share of a few sightings says little.
const DISCOUNT: f32 = 0.75;

/// Entries of a bucket, about.
const BUCKET: usize = 16;

/// Most entries: a megabyte.
const MAX_ENTRIES: usize = 250_000;

impl Ngrams {
    /// Counts what came next in `texts`. `strength` is λ of contexts of two tokens; those of one get half of it, those of three
    /// half more. `None` if there is nothing to count, or the vocabulary is larger than entries can say.
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
            .then(|| Self::new(weights, offsets, entries).ok())
            .flatten()
    }
}

fn entry(context: &[u32], token: u32, share: f32) -> u32 {
    let levels = 1 << SHARE_BITS;
    let level = (share * levels as f32).round().clamp(1.0, levels as f32) as u32 - 1;
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
        assert_eq!(next(&table, &[1]), [(2, 0.75)]);
        assert_eq!(next(&table, &[1, 2]), [(3, 7.0 / 16.0), (4, 1.0 / 16.0)]);
        assert_eq!(next(&table, &[3, 1, 2]), [(3, 0.25)]);
        // Texts do not run into each other.
        assert_eq!(next(&table, &[2, 3, 1]), [(2, 0.25)]);
        assert_eq!(next(&table, &[3]), [(1, 0.25)]);
        assert_eq!(table.parts().0, [0.1, 0.2, 0.3]);
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
