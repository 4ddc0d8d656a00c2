//! A phrase of the user's own at the caret. They wrote it, so its words are certain; **everything else that keeps a suggestion
//! from being shown holds for it, too**: secrets, numbers, the list, what follows the caret, the room.

use super::{Candidate, SuggestionSettings, decide, suppressed_early};
use crate::decode::{Continuation, Piece, Stop, TokenConfidence};
use crate::protocol::{FieldHints, PhraseInput, SuggestOutcome};
use crate::text::CaretText;

/// What of `rest`, the part of a phrase behind the caret, may be shown.
pub fn judge_phrase(
    PhraseInput {
        before,
        after,
        field,
        rest,
    }: &PhraseInput,
) -> SuggestOutcome {
    let caret = CaretText::new(before, after);
    phrase_at(&caret, *field, rest)
}

fn phrase_at(caret: &CaretText<'_>, field: FieldHints, rest: &str) -> SuggestOutcome {
    let settings = SuggestionSettings::default();
    if let Some(reason) = suppressed_early(caret, field, &settings) {
        return SuggestOutcome::Suppress { reason };
    }
    let certain = Piece {
        end: rest.len(),
        prob: 1.0,
        confidence: TokenConfidence {
            log_prob: 0.0,
            entropy: 0.0,
            margin: 1.0,
        },
    };
    let continuation = Continuation {
        text: rest.to_owned(),
        pieces: vec![certain],
        // A phrase ends where the user ended it.
        stop: Stop::EndOfText,
    };
    let candidate = Candidate {
        continuation: &continuation,
        healed_tokens: 0,
    };
    decide(caret, field, candidate, &settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::SuppressionReason;

    /// In the notation `before|after`.
    fn judged(around: &str, rest: &str) -> SuggestOutcome {
        let (before, after) = around.split_once('|').expect("a caret");
        judge_phrase(&PhraseInput {
            before: before.to_owned(),
            after: after.to_owned(),
            field: FieldHints::default(),
            rest: rest.to_owned(),
        })
    }

    #[track_caller]
    fn shows(around: &str, rest: &str, expected: &str) {
        match judged(around, rest) {
            SuggestOutcome::Show { text, confidence } => {
                assert_eq!(text, expected);
                assert!((confidence - 1.0).abs() < f32::EPSILON);
            }
            SuggestOutcome::Suppress { reason } => panic!("{reason:?}"),
        }
    }

    #[track_caller]
    fn hides(around: &str, rest: &str, expected: SuppressionReason) {
        match judged(around, rest) {
            SuggestOutcome::Show { .. } => panic!("it is shown"),
            SuggestOutcome::Suppress { reason } => assert_eq!(reason, expected),
        }
    }

    #[test]
    fn what_the_user_wrote_is_certain() {
        shows(
            "Hello, please find|",
            " the minutes below",
            " the minutes below",
        );
        shows("Hello, please fi|", "nd the minutes", "nd the minutes");
        shows("Hello, please find |", " the minutes", "the minutes");
    }

    #[test]
    fn the_rules_of_the_model_hold() {
        shows("We met today and |", " talked to him", "talked to");
        hides(
            "my password is |",
            "hunter of games",
            SuppressionReason::SensitiveContent,
        );
        hides(
            "call me at the number|",
            " 0123456789",
            SuppressionReason::SensitiveContent,
        );
        hides(
            "Hello, please find| the minutes below",
            " the minutes below",
            SuppressionReason::DuplicatesWhatFollows,
        );
        hides("Hello, plea|se", "se find", SuppressionReason::MidLine);
        hides("Hello there|", "", SuppressionReason::NothingLeft);
    }
}
