//! The simplest baseline: the most frequent word that begins as the typed one does, with no regard to what stands before.

use std::collections::HashMap;

use sotto_core::autocomplete::Suggestion;
use sotto_core::decode::{Continuation, Piece, Stop, TokenConfidence, Tokenizer as _};
use sotto_core::protocol::{FieldHints, SuggestOutcome};
use sotto_core::suggestion::{Candidate, SuggestionSettings, decide, suppressed_early};
use sotto_core::text::CaretText;
use sotto_tokenizer::HfTokenizer;

use super::suggester::Suggester;
use crate::cases::TextCase;
use crate::error::EvalError;
use crate::language::word_ranges;
use crate::ngram::TokenCorpus;
use crate::report::share;

/// How often each word occurs.
#[derive(Debug)]
pub(crate) struct WordFrequencies {
    /// Sorted by word.
    counts: Vec<(String, u32)>,
    /// Most frequent first.
    top: Vec<String>,
}

/// Guesses at a word start that recall is counted for.
const GUESSES: usize = 3;

impl WordFrequencies {
    /// Counts the words of the training tokens.
    pub(crate) fn of(corpus: &TokenCorpus) -> Self {
        let mut counts: HashMap<String, u32> = HashMap::new();
        let end_of_text = corpus.end_of_text();
        for document in corpus.tokens().split(|&token| token == end_of_text) {
            let bytes: Vec<u8> = document
                .iter()
                .flat_map(|&token| corpus.tokenizer().token_bytes(token.into()))
                .copied()
                .collect();
            for word in words(&String::from_utf8_lossy(&bytes)) {
                match counts.get_mut(word) {
                    Some(count) => *count += 1,
                    None => {
                        counts.insert(word.to_owned(), 1);
                    }
                }
            }
        }
        let mut counts: Vec<(String, u32)> = counts.into_iter().collect();
        counts.sort_unstable();
        let mut top: Vec<&(String, u32)> = counts.iter().collect();
        top.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let top = top
            .iter()
            .take(GUESSES)
            .map(|(word, _)| word.clone())
            .collect();
        Self { counts, top }
    }

    /// The most frequent word longer than `stem` that begins so, and its share of those that do, `stem` itself included.
    fn completion(&self, stem: &str) -> Option<(&str, f32)> {
        let from = self
            .counts
            .partition_point(|(word, _)| word.as_str() < stem);
        let alike = self.counts[from..]
            .iter()
            .take_while(|(word, _)| word.starts_with(stem));
        let total: u64 = alike.clone().map(|(_, count)| u64::from(*count)).sum();
        let (word, count) = alike
            .filter(|(word, _)| word.len() > stem.len())
            .max_by_key(|(_, count)| *count)?;
        Some((word, *count as f32 / total as f32))
    }

    /// Recall@1 and recall@3 of the most frequent words at every word start.
    pub(crate) fn recall(
        &self,
        cases: &[TextCase],
        tokenizer: &HfTokenizer,
    ) -> Result<(Option<f64>, Option<f64>), EvalError> {
        let (mut words, mut hits) = (0, [0; 2]);
        for case in cases {
            let pieces = tokenizer.encode_pieces(&case.text)?;
            let tokens: Vec<(usize, u32)> = pieces
                .iter()
                .map(|&(id, piece)| (tokenizer.token_bytes(id).len(), piece))
                .collect();
            let mut starts = vec![0];
            starts.extend(tokens.iter().scan(0, |end, (bytes, _)| {
                *end += bytes;
                Some(*end)
            }));
            for range in word_ranges(&case.text, &tokens) {
                let word = case.text.get(starts[range.start]..starts[range.end]);
                let rank = self
                    .top
                    .iter()
                    .position(|top| Some(top.as_str()) == word.map(str::trim));
                words += 1;
                hits[0] += usize::from(rank == Some(0));
                hits[1] += usize::from(rank.is_some());
            }
        }
        Ok((share(hits[0], words), share(hits[1], words)))
    }
}

/// Runs of letters and digits, an apostrophe between letters included.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_alphanumeric() && char != '\'')
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.is_empty())
}

/// The baseline under the product's rules.
pub(crate) struct FrequencySuggester<'a> {
    words: &'a WordFrequencies,
    settings: SuggestionSettings,
}

impl<'a> FrequencySuggester<'a> {
    pub(crate) fn new(words: &'a WordFrequencies, settings: SuggestionSettings) -> Self {
        Self { words, settings }
    }

    fn continuation(&self, stem: &str) -> Continuation {
        let (word, prob) = self.words.completion(stem).unwrap_or((stem, 0.0));
        let text = word[stem.len()..].to_owned();
        let confidence = TokenConfidence {
            log_prob: prob.ln(),
            entropy: 0.0,
            margin: prob,
        };
        let piece = Piece {
            end: text.len(),
            prob,
            confidence,
        };
        Continuation {
            pieces: vec![piece],
            text,
            stop: Stop::EndOfText,
        }
    }
}

impl Suggester for FrequencySuggester<'_> {
    fn suggest_at(
        &mut self,
        before: &str,
        after: &str,
        field: FieldHints,
    ) -> Result<Suggestion, EvalError> {
        let caret = CaretText::new(before, after);
        let early = suppressed_early(&caret, field, &self.settings);
        let outcome = match early {
            Some(reason) => SuggestOutcome::Suppress { reason },
            None => {
                let continuation = self.continuation(caret.half_typed().stem);
                let candidate = Candidate {
                    continuation: &continuation,
                    healed_tokens: 0,
                };
                decide(&caret, field, candidate, &self.settings)
            }
        };
        Ok(Suggestion {
            outcome,
            continuation: None,
            healed_tokens: 0,
            prefill_tokens: 0,
            reused_tokens: 0,
            decode_steps: 0,
        })
    }
}
