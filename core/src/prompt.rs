//! Which part of the text before the caret the model sees, as tokens.
//!
//! **The cut must not move with every keystroke**: a prompt that begins elsewhere shares nothing with the KV cache. So
//! the window keeps its beginning for as long as it fits the budget, and is then cut back by a big step. The browser cuts
//! long texts too, a little further with each key, so the beginning is found again by its text, not by its offset.

use crate::decode::Tokenizer;
use crate::text::sentence_starts;

/// Bytes of the window's beginning that must be found again.
const ANCHOR_BYTES: usize = 48;

/// A window this much smaller than a freshly cut one (a quarter of it) is worth a new cut further ahead in the text: the
/// user deleted most of what it held.
const WORN_DOWN: usize = 4;

/// Sizes of a prompt, in tokens, the leading end-of-text token included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Most tokens.
    pub max_tokens: usize,
    /// Tokens after a cut.
    pub after_cut: usize,
}

/// The window of the last prompt.
#[derive(Debug, Clone, Default)]
pub struct PromptWindow {
    last: String,
}

impl PromptWindow {
    /// The end-of-text token and the tokens of the end of `text`, within `budget`.
    ///
    /// # Errors
    /// The tokenizer's.
    pub fn build<T: Tokenizer>(
        &mut self,
        text: &str,
        tokenizer: &T,
        budget: Budget,
    ) -> Result<Vec<u32>, T::Error> {
        let room = budget.max_tokens.saturating_sub(1);
        let target = budget.after_cut.saturating_sub(1).min(room);
        let mut start = self.start_in(text);
        let mut ids = tokenizer.encode(&text[start..])?;
        if start > 0 && ids.len() < target / WORN_DOWN {
            start = 0;
            ids = tokenizer.encode(text)?;
        }
        if ids.len() > room {
            start += cut(&text[start..], &ids, target, tokenizer);
            ids = tokenizer.encode(&text[start..])?;
            // Only if the text behind the cut needs more tokens than it did in context.
            ids.drain(..ids.len().saturating_sub(room));
        }
        text[start..].clone_into(&mut self.last);
        ids.insert(0, tokenizer.end_of_text());
        Ok(ids)
    }

    /// Where the last window begins in `text`: there where most of it is found again. 0 if it is not found.
    fn start_in(&self, text: &str) -> usize {
        let mut anchor_len = ANCHOR_BYTES.min(self.last.len());
        while !self.last.is_char_boundary(anchor_len) {
            anchor_len -= 1;
        }
        let anchor = &self.last[..anchor_len];
        if anchor.is_empty() {
            return 0;
        }
        let common = |at: usize| {
            text.as_bytes()[at..]
                .iter()
                .zip(self.last.as_bytes())
                .take_while(|(a, b)| a == b)
                .count()
        };
        text.match_indices(anchor)
            .map(|(at, _)| at)
            .max_by_key(|&at| common(at))
            .unwrap_or(0)
    }
}

/// Where to cut `text`, whose tokens are `ids`, so that about the last `target` tokens are left: at the beginning of a
/// paragraph, else of a sentence, if that leaves at least half of them, else of a word.
fn cut(text: &str, ids: &[u32], target: usize, tokenizer: &impl Tokenizer) -> usize {
    let bytes = |ids: &[u32]| {
        ids.iter()
            .map(|&id| tokenizer.token_bytes(id).len())
            .sum::<usize>()
    };
    let boundary = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at += 1;
        }
        at
    };
    let first = boundary(bytes(&ids[..ids.len().saturating_sub(target)]));
    let middle = boundary(bytes(&ids[..ids.len().saturating_sub(target / 2)]));
    let paragraph = text[first..middle].find('\n').map(|at| first + at + 1);
    paragraph
        .or_else(|| sentence_starts(text).find(|at| (first..middle).contains(at)))
        .or_else(|| {
            text[first..middle]
                .find(char::is_whitespace)
                .map(|at| first + at)
        })
        .map_or(first, |at| {
            at + text[at..].len() - text[at..].trim_start().len()
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::MAX_BEFORE_UTF16;
    use crate::test_support::PieceTokenizer;
    use crate::text::tail_utf16;

    const BUDGET: Budget = Budget {
        max_tokens: 60,
        after_cut: 30,
    };

    fn tokenizer() -> PieceTokenizer {
        PieceTokenizer::new(&[" word", " more", " and", " then", ". ", "This", " is"])
    }

    #[test]
    fn a_prompt_begins_with_the_end_of_a_text() {
        let ids = PromptWindow::default()
            .build("This is", &tokenizer(), BUDGET)
            .unwrap();
        assert_eq!(ids[0], 0);
        assert_eq!(ids.len(), 3);
        assert_eq!(
            PromptWindow::default()
                .build("", &tokenizer(), BUDGET)
                .unwrap(),
            [0]
        );
    }

    #[test]
    fn the_cut_comes_seldom_and_at_a_sentence() {
        let tokenizer = tokenizer();
        let mut window = PromptWindow::default();
        let mut text = String::new();
        let (mut starts, mut last, mut prompts) = (Vec::new(), Vec::new(), 0);
        for round in 0..40 {
            for piece in ["This", " is", " word", " more", " and", " then", ". "] {
                text.push_str(piece);
                // The browser's own cut slides along with the text.
                let seen = tail_utf16(&text, 300);
                let ids = window.build(seen, &tokenizer, BUDGET).unwrap();
                prompts += 1;
                assert!(ids.len() <= BUDGET.max_tokens);
                if !ids.starts_with(&last) {
                    starts.push(round);
                    assert!(window.last.starts_with("This"), "{:?}", window.last);
                }
                last = ids;
            }
        }
        assert!(
            prompts / starts.len() > 20,
            "{} cuts in {prompts} prompts",
            starts.len()
        );
    }

    #[test]
    fn another_text_begins_at_its_own_start() {
        let (tokenizer, mut window) = (tokenizer(), PromptWindow::default());
        window
            .build("This is more and more", &tokenizer, BUDGET)
            .unwrap();
        window.build("word then word", &tokenizer, BUDGET).unwrap();
        assert_eq!(window.last, "word then word");
    }

    #[test]
    fn a_window_that_was_deleted_away_is_replaced() {
        let (tokenizer, mut window) = (tokenizer(), PromptWindow::default());
        let text = "This is word. ".repeat(40);
        window.build(&text, &tokenizer, BUDGET).unwrap();
        let kept = window.last.len();
        window
            .build(&text[..text.len() - kept + 14], &tokenizer, BUDGET)
            .unwrap();
        assert!(window.last.len() > kept / 2);
    }

    proptest! {
        #[test]
        fn any_text_fits_and_is_the_end_of_the_text(
            texts in proptest::collection::vec("(\\PC|\\n|This|[. ]){0,120}", 1..5), max in 2usize..80,
        ) {
            let (tokenizer, mut window) = (tokenizer(), PromptWindow::default());
            let budget = Budget { max_tokens: max, after_cut: max / 2 + 1 };
            for text in &texts {
                let ids = window.build(tail_utf16(text, MAX_BEFORE_UTF16 as usize), &tokenizer, budget).unwrap();
                prop_assert!(ids.len() <= max);
                prop_assert!(text.ends_with(&window.last));
            }
        }
    }
}
