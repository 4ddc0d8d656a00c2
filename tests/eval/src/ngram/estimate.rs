//! From counts to probabilities.

use super::trie::{Level, Trie};

/// What is taken off the counts 1, 2, and 3 or more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Discounts([f64; 3]);

impl Discounts {
    /// Chen and Goodman 1999, equation 26, from the numbers of n-grams that occur once, twice, and so on; the fixed ones of
    /// KenLM where a small text has too few of them.
    pub(crate) fn of(counts: impl Iterator<Item = u32>) -> Self {
        let mut having = [0_u64; 5];
        for count in counts {
            if let Some(having) = having.get_mut(count as usize) {
                *having += 1;
            }
        }
        let n = having.map(|having| having as f64);
        let fixed = Self([0.5, 1.0, 1.5]);
        if n[1..].contains(&0.0) {
            return fixed;
        }
        let y = n[1] / (n[1] + 2.0 * n[2]);
        let discount =
            |count: usize| count as f64 - (count + 1) as f64 * y * n[count + 1] / n[count];
        let discounts = [discount(1), discount(2), discount(3)];
        let is_sound = (1..)
            .zip(discounts)
            .all(|(count, discount)| (0.0..=f64::from(count)).contains(&discount));
        if is_sound { Self(discounts) } else { fixed }
    }

    fn off(&self, count: u32) -> f64 {
        match count {
            0 => 0.0,
            1..=2 => self.0[count as usize - 1],
            _ => self.0[2],
        }
    }
}

/// Replaces the counts of all orders but the highest by the number of different tokens in front of the n-gram. N-grams that
/// begin a document keep theirs: nothing is ever in front of them.
pub(crate) fn adjust(trie: &mut Trie, end_of_text: u16) {
    let mut adjusted: Vec<Vec<u32>> = trie.levels[..trie.levels.len() - 1]
        .iter()
        .map(|level| vec![0; level.tokens.len()])
        .collect();
    for node in 0..trie.levels[0].tokens.len() {
        let begins_document = trie.levels[0].tokens[node] == end_of_text;
        for child in trie.children(0, node) {
            let suffix = trie.root(trie.levels[1].tokens[child]);
            visit(
                trie,
                (1, child),
                (0, suffix),
                begins_document,
                &mut adjusted,
            );
        }
    }
    for (level, counts) in trie.levels.iter_mut().zip(adjusted) {
        level.counts = counts;
    }
}

/// Counts the n-gram of a node for its end without the first token, which is the node `suffix`; then all below it.
fn visit(
    trie: &Trie,
    (level, node): (usize, usize),
    (suffix_level, suffix): (usize, Option<usize>),
    begins_document: bool,
    adjusted: &mut [Vec<u32>],
) {
    if let Some(suffix) = suffix {
        adjusted[suffix_level][suffix] += 1;
    }
    if begins_document && level < adjusted.len() {
        adjusted[level][node] = trie.levels[level].counts[node];
    }
    for child in trie.children(level, node) {
        let token = trie.levels[level + 1].tokens[child];
        let suffix = suffix.and_then(|suffix| trie.child(suffix_level, suffix, token));
        visit(
            trie,
            (level + 1, child),
            (suffix_level + 1, suffix),
            begins_document,
            adjusted,
        );
    }
}

/// Discounted probabilities of the nodes in `range` of a level, which follow one context, and what is left for the lower
/// order. Without any there is nothing to know: all is left.
pub(crate) fn discounted(
    level: &Level,
    range: std::ops::Range<usize>,
    discounts: Discounts,
    probs: &mut [f32],
) -> f32 {
    let counts = &level.counts[range];
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    if total == 0 {
        return 1.0;
    }
    let total = total as f64;
    let mut left = 0.0;
    for (prob, &count) in probs.iter_mut().zip(counts) {
        let off = discounts.off(count);
        *prob = ((f64::from(count) - off) / total) as f32;
        left += off / total;
    }
    left as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discounts_of_chen_and_goodman() {
        let counts = [(1, 40), (2, 20), (3, 10), (4, 5), (9, 3)];
        let all = counts
            .iter()
            .flat_map(|&(count, times)| std::iter::repeat_n(count, times));
        let Discounts(found) = Discounts::of(all);
        // y = 40 / 80 = 0.5
        for (found, expected) in found.iter().zip([0.5, 1.25, 2.0]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
        assert_eq!(
            Discounts::of([1, 2].into_iter()),
            Discounts([0.5, 1.0, 1.5])
        );
    }

    #[test]
    fn lower_orders_count_what_stands_in_front() {
        // 0 is the end of text: "5 6", "7 6", "5 6 8".
        let tokens = [0, 5, 6, 0, 7, 6, 0, 5, 6, 8];
        let mut trie = Trie::count(&tokens, 3, 0);
        adjust(&mut trie, 0);
        let count = |path: &[u16]| {
            let mut node = trie.root(path[0]).expect("it occurs");
            for (level, &token) in path[1..].iter().enumerate() {
                node = trie.child(level, node, token).expect("it occurs");
            }
            trie.levels[path.len() - 1].counts[node]
        };
        assert_eq!(count(&[6]), 2, "behind 5 and 7");
        assert_eq!(count(&[5]), 1, "behind the end of text only");
        assert_eq!(count(&[0]), 1, "behind 6 only");
        assert_eq!(count(&[5, 6]), 1);
        assert_eq!(count(&[0, 5]), 2, "begins documents: its own count");
        assert_eq!(count(&[0, 5, 6]), 2, "the highest order keeps its counts");
    }
}
