//! The settings that save most among those that are right often enough.
//!
//! Thresholds of different places hardly touch each other, so one is set after the other, round by round, each to the value
//! that is best with the others as they are. What "best" weighs against each other, characters saved against the stated
//! precision, is a Lagrange multiplier: for each of a row of prices of wrong suggestions the search runs anew, and the best
//! of the settings that keep the promise wins.

use sotto_core::suggestion::SuggestionSettings;

use super::record::{MAX_WORDS, Record, Tally};

/// What must hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal {
    /// Least share of what is shown that is right.
    pub(super) precision: f64,
    /// Largest share of insert cases with something wrong.
    pub(super) max_wrong: f64,
}

/// Values of a threshold that are tried.
const PROBS: [f32; 22] = [
    0.05, 0.08, 0.1, 0.12, 0.15, 0.18, 0.2, 0.23, 0.26, 0.3, 0.34, 0.38, 0.42, 0.46, 0.5, 0.55,
    0.6, 0.65, 0.7, 0.8, 0.9, 1.0,
];

/// Characters that missing the precision by one suggestion is priced at.
const PRICES: [f64; 9] = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// Rounds over all thresholds; the last ones change nothing.
const ROUNDS: usize = 4;

type Setter = fn(&mut SuggestionSettings, f32);

/// The thresholds, each with how to set it.
const THRESHOLDS: [Setter; 6] = [
    |settings, prob| settings.min_prob_word_start = prob,
    |settings, prob| settings.min_prob_short_stem = prob,
    |settings, prob| settings.min_prob_long_stem = prob,
    |settings, prob| settings.min_prob_next_word = prob,
    |settings, prob| settings.min_prob_total = prob,
    |settings, prob| settings.min_prob_mid_line = prob,
];

impl Goal {
    fn is_reached(&self, tally: &Tally) -> bool {
        let shown = (tally.right + tally.wrong) as f64;
        tally.right as f64 >= self.precision * shown
            && tally.wrong as f64 <= self.max_wrong * tally.insert as f64
    }

    /// Characters saved, and right ones beyond what the precision asks for, at `price` each. What is shown at a suppress case
    /// counts as wrong there, too.
    fn value(&self, tally: &Tally, price: f64) -> f64 {
        let wrong = (tally.wrong + tally.shown_at_suppress) as f64;
        let surplus = (1.0 - self.precision) * tally.right as f64 - self.precision * wrong;
        tally.characters as f64 + price * surplus
    }
}

/// The best settings, and whether they reach the goal; if none do, those that come nearest to the precision.
pub(super) fn best(
    records: &[Record<'_>],
    present: &SuggestionSettings,
    goal: Goal,
) -> (SuggestionSettings, bool) {
    let mut found: Option<(SuggestionSettings, Tally)> = None;
    let mut nearest: Option<(SuggestionSettings, f64)> = None;
    for price in PRICES {
        let settings = climb(records, present, |tally| goal.value(tally, price));
        let tally = Tally::of(records, &settings);
        if goal.is_reached(&tally) {
            if found
                .as_ref()
                .is_none_or(|(_, best)| tally.characters > best.characters)
            {
                found = Some((settings, tally));
            }
        } else {
            let precision = tally.right as f64 / ((tally.right + tally.wrong).max(1)) as f64;
            if nearest.as_ref().is_none_or(|(_, best)| precision > *best) {
                nearest = Some((settings, precision));
            }
        }
    }
    match (found, nearest) {
        (Some((settings, _)), _) => (settings, true),
        (None, Some((settings, _))) => (settings, false),
        (None, None) => (*present, false),
    }
}

fn climb(
    records: &[Record<'_>],
    present: &SuggestionSettings,
    value: impl Fn(&Tally) -> f64,
) -> SuggestionSettings {
    let mut settings = *present;
    let mut best = value(&Tally::of(records, &settings));
    for _ in 0..ROUNDS {
        let before = best;
        let mut attempt = |settings: &mut SuggestionSettings,
                           change: &dyn Fn(&mut SuggestionSettings)| {
            let mut changed = *settings;
            change(&mut changed);
            let found = value(&Tally::of(records, &changed));
            if found > best {
                best = found;
                *settings = changed;
            }
        };
        for set in THRESHOLDS {
            for prob in PROBS {
                attempt(&mut settings, &|settings| set(settings, prob));
            }
        }
        for words in 1..=MAX_WORDS {
            attempt(&mut settings, &|settings| settings.max_words = words);
        }
        for chars in 2..=5 {
            attempt(&mut settings, &|settings| settings.min_shown_chars = chars);
        }
        if best <= before {
            break;
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use sotto_core::decode::{Continuation, Piece, Stop, TokenConfidence};
    use sotto_core::protocol::FieldHints;

    use super::*;
    use crate::cases::{CaretCase, CaretKind};

    fn case(at: usize, accept: &str) -> CaretCase {
        CaretCase {
            id: format!("t/{at}/insert/0"),
            before: "Thank you for the ".into(),
            after: String::new(),
            kind: CaretKind::Insert,
            accept: vec![accept.into()],
            field: FieldHints::default(),
            group: String::new(),
        }
    }

    /// A model that writes "message" with a probability that is also how often it is right.
    #[test]
    fn the_threshold_separates_what_is_right_often_enough() {
        let cases: Vec<(CaretCase, f32)> = (0..400)
            .map(|at| {
                let prob = (at % 20) as f32 / 20.0 + 0.025;
                let is_right = (at / 20) as f32 / 20.0 + 0.025 <= prob;
                (
                    case(at, if is_right { "message today" } else { "other" }),
                    prob,
                )
            })
            .collect();
        let records: Vec<Record<'_>> = cases
            .iter()
            .map(|(case, prob)| {
                let confidence = TokenConfidence {
                    log_prob: prob.ln(),
                    entropy: 0.0,
                    margin: 0.0,
                };
                let piece = Piece {
                    end: 7,
                    prob: *prob,
                    confidence,
                };
                let continuation = Continuation {
                    text: "message".into(),
                    pieces: vec![piece],
                    stop: Stop::EndOfText,
                };
                Record {
                    case,
                    written: Some((continuation, 0)),
                }
            })
            .collect();
        let goal = Goal {
            precision: 0.7,
            max_wrong: 1.0,
        };
        let (settings, is_reached) = best(&records, &SuggestionSettings::default(), goal);
        let score = Tally::of(&records, &settings).score();
        assert!(is_reached && settings.is_valid());
        assert!(
            score
                .precision_when_shown
                .is_some_and(|precision| (0.7..0.78).contains(&precision)),
            "{score:?}"
        );
        // Right more often than seven times in ten on average: everything above about 0.4.
        assert!(
            score.coverage.is_some_and(|coverage| coverage > 0.45),
            "{score:?}"
        );
        let strict = Goal {
            precision: 0.7,
            max_wrong: 0.02,
        };
        let (settings, is_reached) = best(&records, &SuggestionSettings::default(), strict);
        let wrong = Tally::of(&records, &settings).wrong;
        assert!(!is_reached || wrong <= 8);
    }
}
