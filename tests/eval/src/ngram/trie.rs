//! All n-grams of a text, as a tree: the children of a node are the tokens that follow it.
//!
//! Level k (counted from 1) holds one node for every distinct n-gram of k tokens, ordered, so that the children of a node lie
//! side by side. Five tokens of 16 bits make a key of 80 bits, and sorted keys are the tree read from left to right: one
//! sort of 16 bytes a token is all the memory that the counting takes.

/// Longest n-gram that a key holds with room to spare.
pub(crate) const MAX_ORDER: usize = 5;

/// One level.
#[derive(Debug, Default)]
pub(crate) struct Level {
    /// Last token of each n-gram.
    pub(crate) tokens: Vec<u16>,
    /// How often each occurs.
    pub(crate) counts: Vec<u32>,
    /// Where the children of each begin on the next level, and one more entry for the end. Empty on the last level.
    pub(crate) children: Vec<u32>,
}

/// The tree.
#[derive(Debug)]
pub(crate) struct Trie {
    /// From the n-grams of one token on.
    pub(crate) levels: Vec<Level>,
}

impl Trie {
    /// Counts the n-grams of up to `order` tokens. One that reaches `end_of_text` ends there: documents have nothing to do
    /// with each other. One may begin with it.
    pub(crate) fn count(tokens: &[u16], order: usize, end_of_text: u16) -> Self {
        let mut keys: Vec<u128> = (0..tokens.len())
            .map(|start| key(&tokens[start..], order, end_of_text))
            .collect();
        keys.sort_unstable();
        let mut levels: Vec<Level> = (0..order).map(|_| Level::default()).collect();
        let mut last = 0_u128;
        for &key in &keys {
            // The first level on which this key leaves the path of the one before.
            let fresh = (0..order)
                .find(|&level| token_of(key, level) != token_of(last, level))
                .unwrap_or(order);
            for level in 0..order {
                let Some(token) = token_of(key, level) else {
                    break;
                };
                if level >= fresh {
                    let below = levels.get(level + 1).map_or(0, |level| level.tokens.len());
                    let own = &mut levels[level];
                    own.tokens.push(token);
                    own.counts.push(0);
                    if level + 1 < order {
                        own.children.push(below as u32);
                    }
                }
                if let Some(count) = levels[level].counts.last_mut() {
                    *count += 1;
                }
            }
            last = key;
        }
        for level in 0..order - 1 {
            let below = levels[level + 1].tokens.len() as u32;
            levels[level].children.push(below);
        }
        Self { levels }
    }

    /// The children of a node: a range of the next level. Empty for a node of the last one.
    pub(crate) fn children(&self, level: usize, node: usize) -> std::ops::Range<usize> {
        match self.levels[level].children.get(node..node + 2) {
            Some(&[start, end]) => start as usize..end as usize,
            _ => 0..0,
        }
    }

    /// The child of a node with this token.
    pub(crate) fn child(&self, level: usize, node: usize, token: u16) -> Option<usize> {
        let range = self.children(level, node);
        let tokens = &self.levels.get(level + 1)?.tokens[range.clone()];
        tokens.binary_search(&token).ok().map(|at| range.start + at)
    }

    /// The node of one token.
    pub(crate) fn root(&self, token: u16) -> Option<usize> {
        self.levels[0].tokens.binary_search(&token).ok()
    }
}

/// Up to `order` tokens from the beginning of `tokens`, first token highest, each plus one; 0 where there is none.
fn key(tokens: &[u16], order: usize, end_of_text: u16) -> u128 {
    let mut key = 0;
    for (level, &token) in tokens.iter().take(order).enumerate() {
        key |= (u128::from(token) + 1) << (16 * (MAX_ORDER - 1 - level));
        if level > 0 && token == end_of_text {
            break;
        }
    }
    key
}

/// The token of a key on a level.
fn token_of(key: u128, level: usize) -> Option<u16> {
    let stored = (key >> (16 * (MAX_ORDER - 1 - level))) as u16;
    stored.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Counts by brute force.
    fn counts(tokens: &[u16], order: usize) -> BTreeMap<Vec<u16>, u32> {
        let mut counts = BTreeMap::new();
        for start in 0..tokens.len() {
            for len in 1..=order.min(tokens.len() - start) {
                let ngram = &tokens[start..start + len];
                *counts.entry(ngram.to_vec()).or_default() += 1;
                if len > 1 && ngram[len - 1] == 0 {
                    break;
                }
            }
        }
        counts
    }

    fn walk(
        trie: &Trie,
        level: usize,
        node: usize,
        path: &mut Vec<u16>,
        found: &mut BTreeMap<Vec<u16>, u32>,
    ) {
        path.push(trie.levels[level].tokens[node]);
        found.insert(path.clone(), trie.levels[level].counts[node]);
        for child in trie.children(level, node) {
            walk(trie, level + 1, child, path, found);
        }
        path.pop();
    }

    #[test]
    fn every_ngram_is_counted_once() {
        let tokens = [0, 5, 6, 5, 6, 7, 0, 5, 6, 65_000, 0, 0, 9];
        for order in 2..=5 {
            let trie = Trie::count(&tokens, order, 0);
            let mut found = BTreeMap::new();
            for node in 0..trie.levels[0].tokens.len() {
                walk(&trie, 0, node, &mut Vec::new(), &mut found);
            }
            assert_eq!(found, counts(&tokens, order), "order {order}");
        }
        let trie = Trie::count(&tokens, 3, 0);
        let node = trie.root(5).and_then(|node| trie.child(0, node, 6));
        assert_eq!(trie.levels[1].counts[node.expect("it occurs")], 3);
        assert_eq!(trie.root(8), None);
    }
}
