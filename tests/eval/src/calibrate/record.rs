//! What the model would write at a caret, kept, and what any settings would show of it.

use serde::Serialize;
use sotto_core::decode::Continuation;
use sotto_core::protocol::SuggestOutcome;
use sotto_core::suggestion::{Candidate, SuggestionSettings, decide};
use sotto_core::text::CaretText;

use crate::autocomplete::{Suggester as _, is_right};
use crate::cases::{CaretCase, CaretKind};
use crate::error::EvalError;
use crate::model::PackModel;
use crate::progress::Progress;
use crate::report::share;

/// A caret with what the model would write there; `None` where it is not asked or finds nothing.
pub(super) struct Record<'a> {
    pub(super) case: &'a CaretCase,
    pub(super) written: Option<(Continuation, usize)>,
}

/// Probabilities below these are never of interest, so decoding stops there.
const MIN_PROB: f32 = 0.03;
const MIN_PROB_TOTAL: f32 = 0.01;
/// The most that is searched for.
pub(super) const MAX_WORDS: u32 = 8;

impl<'a> Record<'a> {
    /// Decodes every case once. `present`: where everything that is not a threshold comes from.
    pub(super) fn all(
        pack: &PackModel,
        cases: &'a [CaretCase],
        present: &SuggestionSettings,
    ) -> Result<Vec<Self>, EvalError> {
        let open = SuggestionSettings {
            min_prob_word_start: MIN_PROB,
            min_prob_short_stem: MIN_PROB,
            min_prob_long_stem: MIN_PROB,
            min_prob_next_word: MIN_PROB,
            min_prob_mid_line: MIN_PROB,
            min_prob_total: MIN_PROB_TOTAL,
            max_words: MAX_WORDS,
            ..*present
        };
        let mut completer = pack.completer(open)?;
        let mut progress = Progress::new("cases", cases.len());
        let mut records = Vec::with_capacity(cases.len());
        for case in cases {
            let suggestion = completer.suggest_at(&case.before, &case.after, case.field)?;
            let written = suggestion.continuation.zip(Some(suggestion.healed_tokens));
            records.push(Self { case, written });
            progress.step();
        }
        Ok(records)
    }

    /// What `settings` would show.
    pub(super) fn shown(&self, settings: &SuggestionSettings) -> Option<(String, f32)> {
        let (continuation, healed_tokens) = self.written.as_ref()?;
        let caret = CaretText::new(&self.case.before, &self.case.after);
        let candidate = Candidate {
            continuation,
            healed_tokens: *healed_tokens,
        };
        match decide(&caret, self.case.field, candidate, settings) {
            SuggestOutcome::Show { text, confidence } => Some((text, confidence)),
            SuggestOutcome::Suppress { .. } => None,
        }
    }
}

/// Counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) insert: usize,
    pub(super) suppress: usize,
    pub(super) right: usize,
    pub(super) wrong: usize,
    pub(super) shown_at_suppress: usize,
    pub(super) characters: usize,
}

/// Shares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Score {
    pub(super) precision_when_shown: Option<f64>,
    pub(super) coverage: Option<f64>,
    pub(super) wrong_show: Option<f64>,
    pub(super) suppression_accuracy: Option<f64>,
    pub(super) characters_saved: Option<f64>,
    insert_cases: usize,
    suppress_cases: usize,
}

impl Tally {
    /// Counts a case.
    pub(super) fn add(&mut self, case: &CaretCase, outcome: &SuggestOutcome) {
        let shown = match outcome {
            SuggestOutcome::Show { text, .. } => Some(text.as_str()),
            SuggestOutcome::Suppress { .. } => None,
        };
        self.count(case, shown);
    }

    fn count(&mut self, case: &CaretCase, shown: Option<&str>) {
        match (case.kind, shown) {
            (CaretKind::Suppress, shown) => {
                self.suppress += 1;
                self.shown_at_suppress += usize::from(shown.is_some());
            }
            (CaretKind::Insert, None) => self.insert += 1,
            (CaretKind::Insert, Some(text)) => {
                self.insert += 1;
                if is_right(text, &case.accept, &case.after) {
                    self.right += 1;
                    self.characters += text.chars().count().saturating_sub(1);
                } else {
                    self.wrong += 1;
                }
            }
        }
    }

    /// Counts all records under `settings`.
    pub(super) fn of(records: &[Record<'_>], settings: &SuggestionSettings) -> Self {
        let mut tally = Self::default();
        for record in records {
            let shown = record.shown(settings);
            tally.count(record.case, shown.as_ref().map(|(text, _)| text.as_str()));
        }
        tally
    }

    pub(super) fn score(&self) -> Score {
        let shown = self.right + self.wrong;
        Score {
            precision_when_shown: share(self.right, shown),
            coverage: share(shown, self.insert),
            wrong_show: share(self.wrong, self.insert),
            suppression_accuracy: share(self.suppress - self.shown_at_suppress, self.suppress),
            characters_saved: share(self.characters, self.insert),
            insert_cases: self.insert,
            suppress_cases: self.suppress,
        }
    }
}

impl Score {
    /// Of all records under `settings`.
    pub(super) fn of(records: &[Record<'_>], settings: &SuggestionSettings) -> Self {
        Tally::of(records, settings).score()
    }
}
