//! What of a document goes through the model at once, and which of its tokens are words.

use std::ops::Range;

use sotto_core::decode::Tokenizer as _;
use sotto_tokenizer::HfTokenizer;

use crate::error::EvalError;

/// The tokens of a document.
pub(crate) struct Pieces {
    /// The end-of-text token, then the document's.
    pub(crate) ids: Vec<u32>,
    /// Of the document's tokens, without the one before: those of each word that counts, half-open.
    pub(crate) words: Vec<Range<usize>>,
}

/// One pass of the model.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Range of [`Pieces::ids`]: what is read, and one token more, which is only a target.
    pub(crate) ids: Range<usize>,
    /// First target that counts, among the targets `ids[1..]`.
    pub(crate) fresh: usize,
    /// Words whose targets all count, and the token behind which is a target too; among the targets.
    pub(crate) words: Vec<Range<usize>>,
}

impl Pieces {
    /// Encodes a document.
    pub(crate) fn of(document: &str, tokenizer: &HfTokenizer) -> Result<Self, EvalError> {
        let pieces = tokenizer.encode_pieces(document)?;
        let tokens: Vec<(usize, u32)> = pieces
            .iter()
            .map(|&(id, piece)| (tokenizer.token_bytes(id).len(), piece))
            .collect();
        let mut ids = vec![tokenizer.end_of_text()];
        ids.extend(pieces.iter().map(|&(id, _)| id));
        Ok(Self {
            ids,
            words: word_ranges(document, &tokens),
        })
    }

    /// The windows that cover the document.
    pub(crate) fn windows(&self, context: usize, stride: usize) -> Vec<Window> {
        let targets = self.ids.len() - 1;
        let mut windows = Vec::new();
        let (mut covered, mut start) = (0, 0);
        while covered < targets {
            let end = (start + context).min(targets);
            let first = self.words.partition_point(|word| word.start < covered);
            let words = self.words[first..]
                .iter()
                .take_while(|word| word.end < end)
                .map(|word| word.start - start..word.end - start);
            windows.push(Window {
                ids: start..end + 1,
                fresh: covered - start,
                words: words.collect(),
            });
            covered = end;
            start = covered - (context - stride).min(covered);
        }
        windows
    }
}

/// Token ranges of the words: letters or digits after white space or at the start. `tokens`: bytes of each token, and
/// the piece of the pre-tokenizer that it is from.
pub(crate) fn word_ranges(document: &str, tokens: &[(usize, u32)]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut byte = 0;
    let mut index = 0;
    for piece in tokens.chunk_by(|(_, a), (_, b)| a == b) {
        let bytes: usize = piece.iter().map(|(bytes, _)| bytes).sum();
        let text = document.get(byte..byte + bytes).unwrap_or_default();
        let before = document.get(..byte).unwrap_or_default();
        let is_spaced =
            text.starts_with(' ') || before.is_empty() || before.ends_with(char::is_whitespace);
        let is_word = text
            .trim_matches(' ')
            .starts_with(|char: char| char.is_alphanumeric());
        if is_spaced && is_word {
            ranges.push(index..index + piece.len());
        }
        byte += bytes;
        index += piece.len();
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_start_after_white_space() {
        let document = "He said (really): I don't know well-known things.\n\nYes - \"no\"";
        let pieces = [
            "He", " said", " (", "really", "):", " I", " don't", " know", " well", "-", "known",
            " things", ".", "\n\n", "Yes", " -", " \"", "no", "\"",
        ];
        assert_eq!(pieces.concat(), document);
        let tokens: Vec<(usize, u32)> = (0..)
            .zip(pieces)
            .map(|(at, piece)| (piece.len(), at))
            .collect();
        let words: Vec<&str> = word_ranges(document, &tokens)
            .into_iter()
            .map(|word| pieces[word.start].trim())
            .collect();
        assert_eq!(
            words,
            ["He", "said", "I", "don't", "know", "well", "things", "Yes"]
        );
    }

    #[test]
    fn a_word_of_several_tokens_is_one_range() {
        let tokens = [(2, 0), (3, 0), (1, 1), (2, 2), (3, 2)];
        assert_eq!(word_ranges("hello, é?xyz", &tokens)[0], 0..2);
    }

    #[test]
    fn every_target_counts_once() {
        for (length, context) in [(1, 16), (16, 16), (17, 16), (100, 16), (0, 16)] {
            for stride in [1, 5, 8, 16] {
                let pieces = Pieces {
                    ids: (0..=length).collect(),
                    words: (0..length as usize).map(|at| at..at + 1).collect(),
                };
                let windows = pieces.windows(context, stride);
                let mut targets = Vec::new();
                let mut words = Vec::new();
                for window in &windows {
                    assert!(window.ids.len() <= context + 1);
                    targets.extend(window.ids.start + window.fresh..window.ids.end - 1);
                    words.extend(
                        window
                            .words
                            .iter()
                            .map(|word| word.start + window.ids.start),
                    );
                }
                assert_eq!(targets, (0..length as usize).collect::<Vec<_>>());
                // Without the last one of each window, behind which nothing can be seen.
                assert!(words.windows(2).all(|pair| pair[0] < pair[1]));
                assert_eq!(words.len() + windows.len(), targets.len());
            }
        }
    }
}
