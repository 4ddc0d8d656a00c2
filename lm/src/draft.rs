//! Logits that were computed before anybody asked for them.
//!
//! A GPU answers a token in less time than it takes to ask it: so it goes on by itself with the likeliest token, and several
//! rows of logits come back at once. What is chosen from them in the end is decided here, as ever, with the table, the rules
//! and the thresholds; where that is another token than the network's likeliest, the rest of the draft is thrown away.
//!
//! # Source
//! Y. Leviathan et al., *Fast inference from transformers via speculative decoding*, 2023, with the network as its own draft.

#![cfg_attr(
    not(feature = "webgpu"),
    allow(dead_code, reason = "the CPU computes nothing ahead")
)]

use std::collections::VecDeque;

/// Rows of logits behind the last token of the cache.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    rows: VecDeque<Vec<f32>>,
    /// The likeliest token of the row that was taken last.
    expected: Option<u32>,
}

impl Draft {
    /// # Shapes
    /// `logits`: `[n, vocab]`, each row after the likeliest token of the one before it.
    pub(crate) fn new(logits: Vec<f32>, vocab: usize) -> Self {
        Self {
            rows: logits.chunks_exact(vocab).map(<[f32]>::to_vec).collect(),
            expected: None,
        }
    }

    /// The row after `token`, if `token` is what was expected; otherwise the draft is worth nothing any more.
    pub(crate) fn take(&mut self, token: u32) -> Option<Vec<f32>> {
        if self.expected == Some(token) {
            self.next()
        } else {
            *self = Self::default();
            None
        }
    }

    /// The first row of a draft that was just made.
    pub(crate) fn first(&mut self) -> Vec<f32> {
        self.next().unwrap_or_default()
    }

    fn next(&mut self) -> Option<Vec<f32>> {
        let row = self.rows.pop_front();
        self.expected = row.as_deref().map(largest);
        row
    }
}

/// Where the largest value is: the first of equals, as on the device.
fn largest(row: &[f32]) -> u32 {
    let mut best = 0;
    for (at, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = at;
        }
    }
    best as u32
}

#[cfg(test)]
mod tests {
    use super::Draft;

    #[test]
    fn rows_are_given_while_the_likeliest_token_is_chosen() {
        let mut draft = Draft::new(vec![0.0, 2.0, 1.0, 3.0, 3.0, 1.0, 0.0, 0.0, 5.0], 3);
        assert_eq!(draft.first(), [0.0, 2.0, 1.0]);
        assert_eq!(draft.take(1), Some(vec![3.0, 3.0, 1.0]));
        // Of equals the first.
        assert_eq!(draft.take(0), Some(vec![0.0, 0.0, 5.0]));
        assert_eq!(draft.take(2), None);
    }

    #[test]
    fn another_token_ends_it() {
        let mut draft = Draft::new(vec![0.0, 2.0, 3.0, 1.0, 0.0, 1.0], 2);
        draft.first();
        assert_eq!(draft.take(0), None);
        assert_eq!(draft.take(1), None);
    }
}
