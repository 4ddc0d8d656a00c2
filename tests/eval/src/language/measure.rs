//! Counting over all documents.

use std::ops::Range;

use serde::Serialize;
use sotto_core::decode::Tokenizer;
use sotto_tokenizer::HfTokenizer;

use super::predict::{Position, Predictor};
use super::windows::Pieces;
use crate::cases::TextCase;
use crate::error::EvalError;
use crate::progress::Progress;
use crate::report::share;

/// What `language` says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LanguageFigures {
    pub(crate) bits_per_byte: f64,
    pub(crate) recall_at_1: Option<f64>,
    pub(crate) recall_at_3: Option<f64>,
    pub(crate) nats_per_token: f64,
    pub(crate) documents: usize,
    pub(crate) bytes: usize,
    pub(crate) tokens: usize,
    pub(crate) words: usize,
    pub(crate) stride: usize,
}

/// Sums over windows.
#[derive(Debug, Default)]
struct Tally {
    nats: f64,
    tokens: usize,
    words: usize,
    hits: [usize; 2],
}

/// Measures `predictor` on the documents.
pub(crate) fn measure(
    predictor: &mut impl Predictor,
    tokenizer: &HfTokenizer,
    cases: &[TextCase],
    stride: usize,
) -> Result<LanguageFigures, EvalError> {
    let context = predictor.context();
    if !(1..=context).contains(&stride) {
        return Err(EvalError::Stride { context });
    }
    let continuing = continuing_tokens(tokenizer);
    let mut tally = Tally::default();
    let mut progress = Progress::new("documents", cases.len());
    for case in cases {
        let pieces = Pieces::of(&case.text, tokenizer)?;
        for window in pieces.windows(context, stride) {
            let ids = &pieces.ids[window.ids];
            let positions = predictor.predict(ids)?;
            let fresh = &positions[window.fresh..];
            tally.nats += fresh.iter().map(|position| position.nats).sum::<f64>();
            tally.tokens += fresh.len();
            for word in window.words {
                let (rank, is_rest_right) = word_hits(ids, &positions, &word, &continuing);
                tally.words += 1;
                tally.hits[0] += usize::from(is_rest_right && rank == Some(0));
                tally.hits[1] += usize::from(is_rest_right && rank.is_some());
            }
        }
        progress.step();
    }
    let bytes: usize = cases.iter().map(|case| case.text.len()).sum();
    Ok(LanguageFigures {
        bits_per_byte: tally.nats / std::f64::consts::LN_2 / bytes as f64,
        recall_at_1: share(tally.hits[0], tally.words),
        recall_at_3: share(tally.hits[1], tally.words),
        nats_per_token: tally.nats / tally.tokens as f64,
        documents: cases.len(),
        bytes,
        tokens: tally.tokens,
        words: tally.words,
        stride,
    })
}

/// Rank of the word's true first token among the three, and whether the rest of the word is what greedy decoding gives
/// and ends there.
///
/// A guess can only be right if every greedy token equals the true one, so one pass over the true text answers both
/// exactly, up to words that the model would spell with other tokens than the tokenizer does.
fn word_hits(
    ids: &[u32],
    positions: &[Position],
    word: &Range<usize>,
    continuing: &[bool],
) -> (Option<usize>, bool) {
    let first = ids[word.start + 1];
    let rank = positions[word.start]
        .best
        .iter()
        .position(|&id| id == first);
    let is_greedy = (word.start + 1..word.end).all(|at| positions[at].best[0] == ids[at + 1]);
    let goes_on = continuing[positions[word.end].best[0] as usize];
    (rank, is_greedy && !goes_on)
}

/// By token: does it, after a word, carry the word on?
fn continuing_tokens(tokenizer: &impl Tokenizer) -> Vec<bool> {
    let carries_on = |id: u32| {
        let text = String::from_utf8_lossy(tokenizer.token_bytes(id));
        let mut chars = text.chars();
        match chars.next() {
            Some('\'') => chars.next().is_some_and(char::is_alphabetic),
            Some(char) => char.is_alphanumeric() || char == char::REPLACEMENT_CHARACTER,
            None => false,
        }
    };
    let size = u32::try_from(tokenizer.vocab_size()).unwrap_or(u32::MAX);
    (0..size).map(carries_on).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_needs_every_token_and_an_end() {
        let ids = [9, 1, 2, 3]; // the word is the tokens 1, 2
        let position = |best| Position { nats: 0.0, best };
        let mut positions = [
            position([1, 4, 5]),
            position([2, 0, 0]),
            position([3, 0, 0]),
        ];
        let mut continuing = [false; 10];
        let hits = |positions: &[Position], continuing: &[bool]| {
            word_hits(&ids, positions, &(0..2), continuing)
        };
        assert_eq!(hits(&positions, &continuing), (Some(0), true));
        positions[0].best = [4, 1, 5];
        assert_eq!(hits(&positions, &continuing), (Some(1), true));
        continuing[3] = true;
        assert_eq!(hits(&positions, &continuing), (Some(1), false));
        continuing[3] = false;
        positions[1].best[0] = 7;
        assert_eq!(hits(&positions, &continuing), (Some(1), false));
    }
}
