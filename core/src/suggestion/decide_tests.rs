use proptest::prelude::*;

use super::*;
use crate::decode::{Piece, Stop, TokenConfidence};

/// Suggestions in the notation `before|after` with the continuation's tokens and probabilities.
fn outcome_in(
    field: FieldHints,
    around: &str,
    tokens: &[(&str, f32)],
    stop: Stop,
) -> SuggestOutcome {
    let (before, after) = around.split_once('|').unwrap();
    let caret = CaretText::new(before, after);
    let settings = SuggestionSettings::default();
    if let Some(reason) = suppressed_early(&caret, field, &settings) {
        return SuggestOutcome::Suppress { reason };
    }
    let continuation = continuation(tokens, stop);
    decide(
        &caret,
        field,
        Candidate {
            continuation: &continuation,
            healed_tokens: 0,
        },
        &settings,
    )
}

fn continuation(tokens: &[(&str, f32)], stop: Stop) -> Continuation {
    let confidence = TokenConfidence {
        log_prob: 0.0,
        entropy: 0.0,
        margin: 1.0,
    };
    let (mut text, mut pieces) = (String::new(), Vec::new());
    for &(token, prob) in tokens {
        text.push_str(token);
        pieces.push(Piece {
            end: text.len(),
            prob,
            confidence,
        });
    }
    Continuation { text, pieces, stop }
}

fn outcome(around: &str, tokens: &[(&str, f32)]) -> SuggestOutcome {
    outcome_in(FieldHints::default(), around, tokens, Stop::EndOfText)
}

#[track_caller]
fn shows(around: &str, tokens: &[(&str, f32)], expected: &str) {
    match outcome(around, tokens) {
        SuggestOutcome::Show { text, .. } => assert_eq!(text, expected, "{around}"),
        SuggestOutcome::Suppress { reason } => panic!("{around}: {reason:?}"),
    }
}

#[track_caller]
fn suppresses(around: &str, tokens: &[(&str, f32)], expected: SuppressionReason) {
    assert_eq!(
        outcome(around, tokens),
        SuggestOutcome::Suppress { reason: expected },
        "{around}"
    );
}

#[test]
fn spacing_fits_both_sides() {
    shows("Hello wor|", &[("ld", 0.9), (" again", 0.9)], "ld again");
    shows("Hello world|", &[(" again", 0.9)], " again");
    shows("Hello |", &[("world", 0.9), (" ", 0.9)], "world");
    shows("Hello |world", &[("big", 0.9)], "big ");
    shows("Hello |(world)", &[("big", 0.9)], "big ");
    shows("Hello| world", &[(" big", 0.9)], " big");
    shows("f(Hello |)", &[("world", 0.9)], "world");
    suppresses(
        "Hello|",
        &[("  ", 0.9), ("world", 0.9)],
        SuppressionReason::NothingLeft,
    );
}

#[test]
fn as_many_whole_words_as_the_model_is_sure_of() {
    shows(
        "See you |",
        &[("to", 0.8), ("morrow", 0.9), (" at", 0.6), (" noon", 0.1)],
        "tomorrow at",
    );
    shows(
        "See you |",
        &[
            ("tomorrow", 0.6),
            (" at", 0.5),
            (" the", 0.35),
            (" end", 0.9),
        ],
        "tomorrow at",
    );
    suppresses(
        "See you |",
        &[("to", 0.5), ("morrow", 0.4)],
        SuppressionReason::LowConfidence,
    );
    let cut_off = outcome_in(
        FieldHints::default(),
        "See you |",
        &[("tomorrow", 0.9), (" mor", 0.9)],
        Stop::Tokens,
    );
    assert!(matches!(cut_off, SuggestOutcome::Show { text, .. } if text == "tomorrow"));
    let only_cut_off = outcome_in(
        FieldHints::default(),
        "See you |",
        &[("tomor", 0.9)],
        Stop::Tokens,
    );
    assert_eq!(
        only_cut_off,
        SuggestOutcome::Suppress {
            reason: SuppressionReason::LowConfidence
        }
    );
}

#[test]
fn the_confidence_is_that_of_what_is_shown() {
    let shown = outcome("See you |", &[("tomorrow", 0.8), (" at", 0.5), (" x", 0.0)]);
    assert!(
        matches!(shown, SuggestOutcome::Show { confidence, .. } if (confidence - 0.4).abs() < 1e-6)
    );
}

#[test]
fn nothing_dangles_at_the_end() {
    shows("Hello wor|", &[("ld", 0.9), (" (", 0.9)], "ld");
    shows("It is well|", &[("-", 0.9), ("known", 0.9)], "-known");
    shows("It is a |", &[("well", 0.9), ("-", 0.9)], "well");
    shows("He said |", &[("yes", 0.9), (" \"", 0.9)], "yes");
    shows("He is |", &[("here", 0.9), (".", 0.9)], "here.");
    suppresses("The house|", &[(".", 0.9)], SuppressionReason::NothingLeft);
    suppresses("The hous|", &[("e", 0.9)], SuppressionReason::NothingLeft);
}

#[test]
fn the_middle_of_a_line_needs_more() {
    suppresses(
        "Hello |and so on",
        &[("world", 0.4)],
        SuppressionReason::MidLine,
    );
    suppresses("Hello wo|rld", &[("rk", 0.99)], SuppressionReason::MidLine);
    shows(
        "Hello |and so on",
        &[
            ("big", 0.99),
            (" wide", 0.99),
            (" open", 0.99),
            (" world", 0.99),
        ],
        "big wide open ",
    );
    shows("Hello |\nand so on", &[("world", 0.4)], "world");
}

#[test]
fn what_follows_is_not_repeated() {
    shows(
        "the end |the story",
        &[("of", 0.9), (" the", 0.9), (" day", 0.9)],
        "of ",
    );
    suppresses(
        "the end | of it",
        &[("of", 0.9)],
        SuppressionReason::DuplicatesWhatFollows,
    );
    suppresses(
        "Hello wor| world",
        &[("ld", 0.9)],
        SuppressionReason::DuplicatesWhatFollows,
    );
    shows("Hello wor|.", &[("ld", 0.9), (".", 0.9)], "ld");
}

#[test]
fn personal_data_is_neither_completed_nor_invented() {
    for before in ["call 12|", "joe@exa|", "see www.exa|", "call 555 123 |"] {
        suppresses(
            before,
            &[("456", 0.99)],
            SuppressionReason::SensitiveContent,
        );
    }
    shows(
        "call me |",
        &[("at", 0.9), (" 555", 0.9), ("1234", 0.9)],
        "at",
    );
    suppresses(
        "mail me: |",
        &[("joe", 0.9), ("@", 0.9), ("example", 0.9)],
        SuppressionReason::SensitiveContent,
    );
}

#[test]
fn secrets_are_not_guessed() {
    for before in ["My password is |", "the PIN is: 4|", "She was born on |"] {
        suppresses(
            before,
            &[("today", 0.99)],
            SuppressionReason::SensitiveContent,
        );
    }
    shows(
        "Please use |",
        &[("my", 0.9), (" PIN", 0.9), (": ", 0.9), ("4921", 0.9)],
        "my PIN:",
    );
    // The first group of a card's number, cut off by the limit of words or by the model's doubt.
    let card = [("use", 0.9), (" card", 0.9), (" 4111", 0.9)];
    for stop in [Stop::Words, Stop::EndOfText, Stop::Sentence] {
        let found = outcome_in(FieldHints::default(), "Please |", &card, stop);
        assert!(
            matches!(&found, SuggestOutcome::Show { text, .. } if text == "use card"),
            "{found:?}"
        );
    }
}

#[test]
fn slurs_and_assumptions_about_people_are_never_shown() {
    shows(
        "I told |",
        &[("you", 0.9), (" about", 0.9), (" her", 0.9)],
        "you about",
    );
    for (around, tokens) in [
        ("I told |", &[("him", 0.99), (" that", 0.9)]),
        ("I told h|", &[("im", 0.99), (" that", 0.9)]),
        ("You stupid b|", &[("itch", 0.99), (",", 0.9)]),
        ("I think women are |", &[("always", 0.99), (" late", 0.9)]),
    ] {
        suppresses(around, tokens, SuppressionReason::NeverSuggested);
    }
}

#[test]
fn only_words_of_a_known_script() {
    suppresses(
        "Привет |",
        &[("world", 0.9)],
        SuppressionReason::ScriptMismatch,
    );
    suppresses(
        "Hello |",
        &[("мир", 0.9)],
        SuppressionReason::ScriptMismatch,
    );
    suppresses(
        "Hello |",
        &[("\u{202E}x", 0.9)],
        SuppressionReason::NothingLeft,
    );
    shows("Hello |", &[("world", 0.9), (" мир", 0.9)], "world");
    suppresses("Hello brx|", &[("zt", 0.9)], SuppressionReason::NotAWord);
}

#[test]
fn too_little_and_too_much_before_the_caret() {
    for before in ["|", "   |", "\n|", "A |", "12 |"] {
        let found = outcome(before, &[("world", 0.9)]);
        assert_eq!(
            found,
            SuggestOutcome::Suppress {
                reason: SuppressionReason::TooLong
            },
            "{before:?}"
        );
    }
    let long = format!("a {}|", "x".repeat(60));
    suppresses(&long, &[("y", 0.9)], SuppressionReason::NotAWord);
}

#[test]
fn the_room_on_the_line_is_kept() {
    let field = |room| FieldHints {
        single_line: true,
        room_chars: Some(room),
    };
    let tokens = [("world", 0.9), (" again", 0.9)];
    let shown = |room| outcome_in(field(room), "Hello |", &tokens, Stop::EndOfText);
    assert!(matches!(shown(11), SuggestOutcome::Show { text, .. } if text == "world again"));
    assert!(matches!(shown(10), SuggestOutcome::Show { text, .. } if text == "world"));
    for room in [0, 4] {
        assert_eq!(
            shown(room),
            SuggestOutcome::Suppress {
                reason: SuppressionReason::TooWide
            }
        );
    }
}

proptest! {
    #[test]
    fn whatever_the_model_says_the_promises_hold(
        before in "(Hello |wor| |[a-z]{1,8}|\\PC){1,6}",
        after in "( |world|\\.|\\n|\\PC){0,4}",
        tokens in proptest::collection::vec(("( ?[a-z]{1,6}|[.,\"( ]|[0-9]{1,3}|\\PC{1,3})", 0.0f32..=1.0), 0..10),
        room in proptest::option::of(0u16..30),
    ) {
        let field = FieldHints { single_line: false, room_chars: room };
        let tokens: Vec<(&str, f32)> = tokens.iter().map(|(token, prob)| (token.as_str(), *prob)).collect();
        let around = format!("{}|{}", before.replace('|', ""), after.replace('|', ""));
        for stop in [Stop::EndOfText, Stop::Tokens, Stop::Unsure] {
            let SuggestOutcome::Show { text, confidence } = outcome_in(field, &around, &tokens, stop) else { continue };
            prop_assert!(!text.trim().is_empty());
            prop_assert!((0.0..=1.0).contains(&confidence));
            prop_assert!(text.chars().all(is_showable));
            prop_assert!(room.is_none_or(|room| text.graphemes(true).count() <= usize::from(room)));
            prop_assert!(!text.ends_with(' ') || after.starts_with(|char: char| !char.is_whitespace()));
        }
    }
}
