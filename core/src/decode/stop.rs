//! When to stop, and how sure the model was of each word so far.

use std::ops::Range;

use super::Piece;
use crate::text::{is_word_char, units};

/// Why a continuation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The model ended the text, or gave a token that stands for nothing.
    EndOfText,
    /// A line break came.
    LineBreak,
    /// The sentence ended.
    Sentence,
    /// The next word would have been one too many.
    Words,
    /// The token budget ran out.
    Tokens,
    /// The last word is less probable than its threshold; more tokens can only lower it.
    Unsure,
    /// It began to repeat itself.
    Repetition,
    /// The bytes are not UTF-8.
    Unreadable,
}

impl Stop {
    /// Whether the last word is known to be whole.
    pub fn closes_last_word(self) -> bool {
        match self {
            Self::EndOfText | Self::LineBreak | Self::Sentence | Self::Words | Self::Repetition => {
                true
            }
            Self::Tokens | Self::Unsure | Self::Unreadable => false,
        }
    }
}

/// One word or run of punctuation with its probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Its bytes in the continuation, with the white space in front.
    pub range: Range<usize>,
    /// Product of the probabilities of the tokens that begin in it.
    pub prob: f32,
}

/// The units of `text` with their probabilities. A token counts for the unit that its first visible byte is in.
pub fn score(text: &str, pieces: &[Piece]) -> Vec<Scored> {
    let mut scored: Vec<Scored> = units(text)
        .into_iter()
        .map(|range| Scored { range, prob: 1.0 })
        .collect();
    let mut start = 0;
    for piece in pieces {
        let end = piece.end.min(text.len());
        let visible = text
            .get(start..end)
            .map_or(start, |part| end - part.trim_start().len());
        // A token of white space alone belongs to the word behind it.
        let at = visible.min(end.saturating_sub(1));
        if let Some(unit) = scored.iter_mut().find(|unit| unit.range.contains(&at)) {
            unit.prob *= piece.prob;
        }
        start = end;
    }
    scored
}

/// The first unit that is not sure enough: less probable than `min_prob` of its index and text, or than `min_prob_total`
/// together with those before it.
pub fn first_unsure(
    text: &str,
    scored: &[Scored],
    min_prob: &dyn Fn(usize, &str) -> f32,
    min_prob_total: f32,
) -> Option<usize> {
    let mut total = 1.0;
    scored.iter().enumerate().position(|(index, unit)| {
        total *= unit.prob;
        unit.prob < min_prob(index, &text[unit.range.clone()]) || total < min_prob_total
    })
}

/// Where in `text` a word repeats the word before it, or a pair of words the pair before it: the offset to cut at.
/// `before` is the text before the caret; its last words count as the ones before.
pub fn repetition(before: &str, text: &str) -> Option<usize> {
    /// Four words and then some.
    const LOOK_BACK_BYTES: usize = 80;
    let mut from = before.len().saturating_sub(LOOK_BACK_BYTES);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    let tail = &before[from..];
    let joined = [tail, text].concat();
    let words: Vec<(Range<usize>, String)> = units(&joined)
        .into_iter()
        .map(|unit| (unit.clone(), joined[unit].trim_start().to_lowercase()))
        .collect();
    let same =
        |a: usize, b: usize| words[a].1 == words[b].1 && words[a].1.starts_with(is_word_char);
    for last in 1..words.len() {
        if words[last].0.end <= tail.len() {
            continue;
        }
        let repeated = if same(last, last - 1) {
            last
        } else if last >= 3 && same(last, last - 2) && same(last - 1, last - 3) {
            last - 1
        } else {
            continue;
        };
        return Some(words[repeated].0.start.saturating_sub(tail.len()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::TokenConfidence;

    fn pieces(parts: &[(&str, f32)]) -> (String, Vec<Piece>) {
        let confidence = TokenConfidence {
            log_prob: 0.0,
            entropy: 0.0,
            margin: 1.0,
        };
        let mut text = String::new();
        let mut pieces = Vec::new();
        for &(part, prob) in parts {
            text.push_str(part);
            pieces.push(Piece {
                end: text.len(),
                prob,
                confidence,
            });
        }
        (text, pieces)
    }

    #[test]
    fn a_word_is_as_probable_as_its_tokens_together() {
        let (text, pieces) = pieces(&[
            ("l", 0.5),
            ("d", 0.5),
            (" of", 0.8),
            (" ", 0.5),
            ("the", 0.5),
            (".", 0.9),
        ]);
        let probs: Vec<f32> = score(&text, &pieces).iter().map(|unit| unit.prob).collect();
        assert_eq!(probs, [0.25, 0.8, 0.25, 0.9]);
    }

    #[test]
    fn repetitions_are_found_across_the_caret() {
        assert_eq!(repetition("see the", " the cat"), Some(0));
        assert_eq!(repetition("", "one two one two"), Some(7));
        assert_eq!(repetition("one two", " one two three"), Some(0));
        assert_eq!(repetition("a the", " cat cat"), Some(4));
        assert_eq!(
            repetition("the the ", "cat"),
            None,
            "what the user wrote is the user's"
        );
        assert_eq!(repetition("to be", " or not to be"), None);
        assert_eq!(repetition("", "no, no, no"), None, "punctuation between");
        assert_eq!(repetition("a wo", "rd by wo"), None);
    }
}
