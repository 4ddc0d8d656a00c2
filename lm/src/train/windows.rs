//! What goes through the network at once.
//!
//! Documents are joined, each behind the end-of-text token, and cut into windows. **Every window begins with that token**, also in
//! the middle of a document, because every prompt does: the model is asked with the last part of a text, too.

use super::random::Random;

/// Tokens and what follows each of them.
pub(super) struct Window<'a> {
    pub(super) inputs: &'a [u32],
    pub(super) targets: &'a [u32],
}

/// Fewest targets of a window that is worth a gradient.
const MIN_TARGETS: usize = 8;

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

    /// Windows of `tokens` inputs, the first one shorter by `offset`, as vectors that begin with the end-of-text token and end
    /// with the last target.
    pub(super) fn windows(&self, tokens: usize, offset: usize) -> Vec<Vec<u32>> {
        let (first, rest) = self.joined.split_at((tokens - offset).min(self.joined.len()));
        let cut = std::iter::once(first).chain(rest.chunks(tokens));
        cut.filter(|part| part.len() >= MIN_TARGETS)
            .map(|part| [&[self.end_of_text], part].concat())
            .collect()
    }

    /// The windows of an epoch in its order. The cuts move from epoch to epoch, so that every token is seen behind a long
    /// context sooner or later; `is_fixed` keeps them where they are.
    pub(super) fn epoch(
        &self,
        tokens: usize,
        (seed, epoch): (u64, usize),
        is_fixed: bool,
    ) -> Vec<Vec<u32>> {
        let mut random = Random::new(seed ^ (epoch as u64 + 1).wrapping_mul(0xd6e8_feb8_6659_fd93));
        let offset = random.below(tokens);
        let mut windows = self.windows(tokens, if is_fixed { 0 } else { offset });
        let order = random.order(windows.len());
        order
            .into_iter()
            .map(|at| std::mem::take(&mut windows[at]))
            .collect()
    }
}

impl<'a> Window<'a> {
    /// Inputs and targets of a vector of [`Text::windows`].
    pub(super) fn of(tokens: &'a [u32]) -> Self {
        Self {
            inputs: &tokens[..tokens.len() - 1],
            targets: &tokens[1..],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_a_target_once_and_every_window_begins_with_the_end_of_text() {
        let documents = [(1..30).collect(), (30..60).collect::<Vec<u32>>()];
        let text = Text::new(&documents, 0);
        for epoch in 0..4 {
            let windows = text.epoch(16, (7, epoch), false);
            assert!(windows.iter().all(|window| window[0] == 0));
            assert!(windows.iter().all(|window| (9..=17).contains(&window.len())));
            let mut targets: Vec<u32> = windows
                .iter()
                .flat_map(|window| Window::of(window).targets.to_vec())
                .filter(|&target| target != 0)
                .collect();
            targets.sort_unstable();
            targets.dedup();
            // What is too short for a window is left out, at most at both ends.
            assert!(targets.len() >= 59 - 2 * 7, "{}", targets.len());
        }
        let orders: Vec<_> = (0..2).map(|epoch| text.epoch(16, (7, epoch), true)).collect();
        assert_ne!(orders[0], orders[1]);
        let sorted = |mut windows: Vec<Vec<u32>>| {
            windows.sort();
            windows
        };
        assert_eq!(sorted(orders[0].clone()), sorted(orders[1].clone()));
    }
}
