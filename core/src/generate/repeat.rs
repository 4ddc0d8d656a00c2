//! Sees that a text goes round in circles.

/// Longest circle looked for, in tokens: two long sentences.
const MAX_PERIOD: usize = 64;

/// Fewest tokens that a circle must cover. A rule of dashes or "ha ha ha" is no failure.
const MIN_COVERED: usize = 16;

/// How often the same tokens must come.
const MIN_ROUNDS: usize = 3;

/// Watches tokens for the same sequence three times in a row.
#[derive(Debug, Clone)]
pub struct LoopDetector {
    /// The last [`MAX_PERIOD`] tokens; the newest at `at - 1`.
    recent: [u32; MAX_PERIOD],
    seen: usize,
    /// By period less one: how many of the last tokens equal the one a period before.
    runs: [u32; MAX_PERIOD],
}

impl Default for LoopDetector {
    fn default() -> Self {
        Self {
            recent: [0; MAX_PERIOD],
            seen: 0,
            runs: [0; MAX_PERIOD],
        }
    }
}

impl LoopDetector {
    /// Takes the next token; true if the text now goes round in circles.
    pub fn push(&mut self, token: u32) -> bool {
        let mut is_loop = false;
        for period in 1..=MAX_PERIOD.min(self.seen) {
            let run = &mut self.runs[period - 1];
            if self.recent[(self.seen - period) % MAX_PERIOD] == token {
                *run += 1;
            } else {
                *run = 0;
            }
            // The first round has nothing to be equal to.
            let covered = *run as usize + period;
            is_loop |= *run > 0 && covered >= (MIN_ROUNDS * period).max(MIN_COVERED);
        }
        self.recent[self.seen % MAX_PERIOD] = token;
        self.seen += 1;
        is_loop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens_until_loop(tokens: impl IntoIterator<Item = u32>) -> Option<usize> {
        let mut loops = LoopDetector::default();
        tokens
            .into_iter()
            .position(|token| loops.push(token))
            .map(|at| at + 1)
    }

    #[test]
    fn circles_are_seen_after_three_rounds_and_not_before() {
        for (period, expected) in [(1, 16), (5, 16), (7, 21), (64, 192)] {
            let circle = (0..1_000).map(|at| at % period);
            assert_eq!(tokens_until_loop(circle), Some(expected), "{period}");
        }
        let late = (1_000..1_100).chain((0..100).map(|at| at % 10));
        assert_eq!(tokens_until_loop(late), Some(130));
    }

    #[test]
    fn what_goes_on_is_no_circle() {
        assert_eq!(tokens_until_loop(0..2_000), None);
        assert_eq!(tokens_until_loop([7; 15]), None, "a rule of dashes");
        let twice = (0..40).chain(0..40).chain(100..200);
        assert_eq!(tokens_until_loop(twice), None);
        let longer = (0..1_000).map(|at| at % 65);
        assert_eq!(tokens_until_loop(longer), None, "beyond the longest circle");
    }
}
