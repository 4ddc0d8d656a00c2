//! What goes through the network at once.
//!
//! Documents are joined, each behind the end-of-text token, and cut into windows that overlap. **Every window begins with that
//! token**, also in the middle of a document, because every prompt does: the model is asked with the last part of a text, too.
//! What overlaps is context alone there: without it a good part of what is learned would be how texts go on that begin in
//! the middle of a sentence.

use super::random::Random;

/// Tokens and what follows each of them.
pub(super) struct Window<'a> {
    pub(super) inputs: &'a [u32],
    pub(super) targets: &'a [u32],
    /// Targets at the beginning that do not count.
    pub(super) skip: usize,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cut {
    /// The end-of-text token, then the piece.
    pub(super) tokens: Vec<u32>,
    pub(super) skip: usize,
}

/// Fewest targets of a window that is worth a gradient.
const MIN_TARGETS: usize = 8;

/// Share of a window that is context alone.
const OVERLAP: usize = 6;

/// A text, ready to be cut.
#[derive(Debug)]
pub(super) struct Text {
    joined: Vec<u32>,
    end_of_text: u32,
}

impl Text {
    /// Joins documents, given without end-of-text tokens.
    pub(super) fn new(documents: &[Vec<u32>], end_of_text: u32) -> Self {
        let of_document = |document: &Vec<u32>| {
            let mut tokens = document.clone();
            tokens.push(end_of_text);
            tokens
        };
        Self {
            joined: documents.iter().flat_map(of_document).collect(),
            end_of_text,
        }
    }

    /// Targets.
    pub(super) fn len(&self) -> usize {
        self.joined.len()
    }

    /// All of it.
    pub(super) fn tokens(&self) -> &[u32] {
        &self.joined
    }

    /// Windows of at most `tokens` inputs, the first one shorter by `offset`.
    pub(super) fn windows(&self, tokens: usize, offset: usize) -> Vec<Cut> {
        let mut cuts = Vec::new();
        let mut counted = 0;
        let mut end = (tokens - offset).min(self.joined.len());
        while counted < end {
            let skip = (tokens / OVERLAP).min(counted);
            let piece = &self.joined[counted - skip..end];
            if end - counted >= MIN_TARGETS {
                cuts.push(Cut {
                    tokens: [&[self.end_of_text], piece].concat(),
                    skip,
                });
            }
            counted = end;
            end = (counted + tokens - tokens / OVERLAP).min(self.joined.len());
        }
        cuts
    }

    /// The windows of an epoch in its order. The cuts move from epoch to epoch.
    pub(super) fn epoch(&self, tokens: usize, (seed, epoch): (u64, usize)) -> Vec<Cut> {
        let mut random = Random::new(seed ^ (epoch as u64 + 1).wrapping_mul(0xd6e8_feb8_6659_fd93));
        let mut windows: Vec<Option<Cut>> = self
            .windows(tokens, random.below(tokens))
            .into_iter()
            .map(Some)
            .collect();
        let order = random.order(windows.len());
        order
            .into_iter()
            .filter_map(|at| windows[at].take())
            .collect()
    }
}

impl Cut {
    /// Inputs and targets.
    pub(super) fn window(&self) -> Window<'_> {
        Window {
            inputs: &self.tokens[..self.tokens.len() - 1],
            targets: &self.tokens[1..],
            skip: self.skip,
        }
    }

    /// Targets that count.
    pub(super) fn counted(&self) -> usize {
        self.tokens.len() - 1 - self.skip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_counts_once_and_every_window_begins_with_the_end_of_text() {
        let documents = [(1..60).collect(), (60..130).collect::<Vec<u32>>()];
        let text = Text::new(&documents, 0);
        for epoch in 0..4 {
            let windows = text.epoch(24, (7, epoch));
            assert!(windows.iter().all(|cut| cut.tokens[0] == 0));
            assert!(windows.iter().all(|cut| cut.tokens.len() <= 25));
            let counted = |cut: &Cut| {
                let window = cut.window();
                assert_eq!(window.targets.len() - window.skip, cut.counted());
                window.targets[window.skip..].to_vec()
            };
            let mut targets: Vec<u32> = windows
                .iter()
                .flat_map(counted)
                .filter(|&id| id != 0)
                .collect();
            let count = targets.len();
            targets.sort_unstable();
            targets.dedup();
            assert_eq!(count, targets.len(), "twice");
            // What is too short for a window is left out, at most at both ends.
            assert!(targets.len() >= 129 - 2 * 7, "{}", targets.len());
        }
        assert_ne!(text.epoch(24, (7, 0)), text.epoch(24, (7, 1)));
    }
}
