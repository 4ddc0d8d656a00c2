//! A writer who types a passage from its beginning to its end, and accepts a suggestion exactly when all of it is right.
//!
//! As in the product a suggestion stays on screen for as long as what is typed agrees with it, and only then is the next one
//! asked for. Accepting costs one key. A wrong suggestion costs nobody a key, but a look: it is paid for with keystrokes all
//! the same, one by default, the Esc that would send it away.

use serde::Serialize;
use sotto_core::protocol::{FieldHints, SuggestOutcome};
use sotto_core::suggestion::advance;
use sotto_core::text::normalise;

use super::judge::begins_with;
use super::suggester::Suggester;
use crate::error::EvalError;
use crate::report::share;

/// Sums over passages.
#[derive(Debug, Default)]
pub(crate) struct TypingTally {
    passages: usize,
    characters: usize,
    keystrokes: usize,
    right: usize,
    wrong: usize,
    requests: usize,
    prefill_tokens: u64,
    reused_tokens: u64,
    decode_steps: u64,
    ms: Vec<f32>,
}

/// What is said of typing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypingFigures {
    /// Share of keystrokes saved, wrong suggestions paid for.
    pub(crate) saved: Option<f64>,
    /// The same, wrong suggestions for free.
    saved_before_cost: Option<f64>,
    wrong_cost_keystrokes: f64,
    passages: usize,
    /// Keystrokes without any suggestion.
    characters: usize,
    keystrokes: usize,
    /// Suggestions shown and accepted.
    right: usize,
    /// Suggestions shown that were not what came.
    wrong: usize,
    precision_when_shown: Option<f64>,
    wrong_per_hundred_characters: Option<f64>,
    requests: usize,
    /// Tokens through the model, over requests.
    prefill_tokens_per_request: Option<f64>,
    reused_tokens_per_request: Option<f64>,
    decode_steps_per_request: Option<f64>,
    median_ms: Option<f32>,
    p95_ms: Option<f32>,
}

impl TypingTally {
    /// Types a passage.
    pub(crate) fn add(
        &mut self,
        text: &str,
        suggester: &mut impl Suggester,
    ) -> Result<(), EvalError> {
        let text = normalise(text);
        self.passages += 1;
        self.characters += text.chars().count();
        let mut at = 0;
        let mut ghost: Option<String> = None;
        while let Some(next) = text[at..].chars().next() {
            if ghost.is_none()
                && let Some(shown) = self.ask(&text[..at], suggester)?
            {
                if begins_with(&text[at..], &shown) {
                    self.right += 1;
                    self.keystrokes += 1;
                    at += shown.len();
                    continue;
                }
                self.wrong += 1;
                ghost = Some(shown);
            }
            self.keystrokes += 1;
            let typed = next.encode_utf8(&mut [0; 4]).to_owned();
            at += next.len_utf8();
            ghost = ghost
                .and_then(|ghost| advance(&ghost, &typed).map(str::to_owned))
                .filter(|rest| !rest.is_empty());
        }
        Ok(())
    }

    fn ask(
        &mut self,
        before: &str,
        suggester: &mut impl Suggester,
    ) -> Result<Option<String>, EvalError> {
        let started = std::time::Instant::now();
        let suggestion = suggester.suggest_at(before, "", FieldHints::default())?;
        self.requests += 1;
        self.prefill_tokens += u64::from(suggestion.prefill_tokens);
        self.reused_tokens += u64::from(suggestion.reused_tokens);
        self.decode_steps += u64::from(suggestion.decode_steps);
        self.ms.push(started.elapsed().as_secs_f32() * 1e3);
        Ok(match suggestion.outcome {
            SuggestOutcome::Show { text, .. } => Some(text),
            SuggestOutcome::Suppress { .. } => None,
        })
    }

    /// The shares. `wrong_cost`: keystrokes that a wrong suggestion costs.
    pub(crate) fn figures(mut self, wrong_cost: f64) -> TypingFigures {
        self.ms.sort_unstable_by(f32::total_cmp);
        let quantile = |part: f64| {
            let last = self.ms.len().checked_sub(1)?;
            self.ms.get((last as f64 * part).round() as usize).copied()
        };
        let per_request = |tokens: u64| share(tokens as usize, self.requests);
        let used = share(self.keystrokes, self.characters);
        let paid = share(self.wrong, self.characters).map(|wrong| wrong * wrong_cost);
        TypingFigures {
            saved: used.zip(paid).map(|(used, paid)| 1.0 - used - paid),
            saved_before_cost: used.map(|used| 1.0 - used),
            wrong_cost_keystrokes: wrong_cost,
            passages: self.passages,
            characters: self.characters,
            keystrokes: self.keystrokes,
            right: self.right,
            wrong: self.wrong,
            precision_when_shown: share(self.right, self.right + self.wrong),
            wrong_per_hundred_characters: share(100 * self.wrong, self.characters),
            requests: self.requests,
            prefill_tokens_per_request: per_request(self.prefill_tokens),
            reused_tokens_per_request: per_request(self.reused_tokens),
            decode_steps_per_request: per_request(self.decode_steps),
            median_ms: quantile(0.5),
            p95_ms: quantile(0.95),
        }
    }
}

#[cfg(test)]
mod tests {
    use sotto_core::autocomplete::Suggestion;
    use sotto_core::protocol::SuppressionReason;

    use super::*;

    /// Shows a text behind a text, nothing elsewhere.
    struct Script(Vec<(&'static str, &'static str)>, Vec<String>);

    impl Suggester for Script {
        fn suggest_at(
            &mut self,
            before: &str,
            _: &str,
            _: FieldHints,
        ) -> Result<Suggestion, EvalError> {
            self.1.push(before.to_owned());
            let shown = self.0.iter().find(|(at, _)| *at == before);
            Ok(Suggestion {
                outcome: match shown {
                    Some((_, text)) => SuggestOutcome::Show {
                        text: (*text).to_owned(),
                        confidence: 0.9,
                    },
                    None => SuggestOutcome::Suppress {
                        reason: SuppressionReason::LowConfidence,
                    },
                },
                continuation: None,
                healed_tokens: 0,
                prefill_tokens: 1,
                reused_tokens: 2,
                decode_steps: 3,
            })
        }
    }

    fn typed(text: &str, script: &[(&'static str, &'static str)]) -> (TypingFigures, Vec<String>) {
        let mut script = Script(script.to_vec(), Vec::new());
        let mut tally = TypingTally::default();
        tally.add(text, &mut script).expect("typed");
        (tally.figures(1.0), script.1)
    }

    #[test]
    fn a_right_suggestion_costs_one_key() {
        let (figures, asked) = typed("Hello world now", &[("Hello ", "world")]);
        assert_eq!((figures.characters, figures.keystrokes), (15, 11));
        assert_eq!((figures.right, figures.wrong), (1, 0));
        assert!(
            figures
                .saved
                .is_some_and(|saved| (saved - 4.0 / 15.0).abs() < 1e-9)
        );
        assert_eq!(asked[6..8], ["Hello ", "Hello world"]);
    }

    #[test]
    fn a_wrong_one_is_paid_once_and_stays_while_it_agrees() {
        let (figures, asked) = typed("Hello world", &[("Hello ", "worms"), ("Hello wo", "x")]);
        assert_eq!(
            (figures.right, figures.wrong, figures.keystrokes),
            (0, 1, 11)
        );
        assert!(
            figures
                .saved
                .is_some_and(|saved| (saved + 1.0 / 11.0).abs() < 1e-9)
        );
        assert_eq!(figures.saved_before_cost, Some(0.0));
        // Not behind "w", "wo", "wor": the ghost was still there.
        assert_eq!(asked[6..], ["Hello ", "Hello worl"]);
    }

    #[test]
    fn a_part_of_a_word_is_never_accepted() {
        let (figures, _) = typed("Hello worlds", &[("Hello ", "world")]);
        assert_eq!((figures.right, figures.wrong), (0, 1));
    }
}
