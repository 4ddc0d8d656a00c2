use proptest::prelude::*;

use super::*;
use crate::test_support::{CountingPacer, Fault, PieceTokenizer, TableDecoder, block_on};

const PIECES: &[&str] = &[
    "Thank",
    " you",
    " very",
    " much",
    " for",
    " your",
    " help",
    " hel",
    "lo",
    " to",
    "morrow",
    " tomorrow",
    " see",
    "See",
    " at",
    " noon",
    " the",
    " meeting",
    ".",
    "\n",
];
const TEXTS: &[&str] = &[
    "Thank you very much for your help.",
    "Thank you very much for your help.",
    "Thank you very much for your help tomorrow.",
    "See you tomorrow at the meeting.",
    "See you tomorrow at the meeting.",
    "See you tomorrow at noon.",
];

type TestCompleter = Completer<TableDecoder, PieceTokenizer>;

fn completer() -> TestCompleter {
    let tokenizer = PieceTokenizer::new(PIECES);
    let texts: Vec<Vec<u32>> = TEXTS
        .iter()
        .map(|text| [&[0], tokenizer.encode(text).unwrap().as_slice()].concat())
        .collect();
    let decoder = TableDecoder::new(tokenizer.vocab_size(), 256, &texts);
    Completer::new(decoder, tokenizer, SuggestionSettings::default()).unwrap()
}

fn suggest(completer: &mut TestCompleter, around: &str) -> Suggestion {
    let (before, after) = around.split_once('|').unwrap();
    block_on(completer.suggest(
        before,
        after,
        FieldHints::default(),
        &mut CountingPacer::default(),
    ))
    .unwrap()
}

fn shown(completer: &mut TestCompleter, around: &str) -> String {
    match suggest(completer, around).outcome {
        SuggestOutcome::Show { text, .. } => text,
        SuggestOutcome::Suppress { reason } => format!("<{reason:?}>"),
    }
}

#[test]
fn from_text_around_the_caret_to_a_suggestion() {
    let completer = &mut completer();
    for (around, expected) in [
        ("Thank you|", " very much for your help."),
        ("Thank you |", "very much for your help."),
        ("Thank you ve|", "ry much for your help."),
        ("Thank you v|", "ery much for your help."),
        ("Thank you very|", " much for your help."),
        ("See you tomor|", "row at the meeting."),
        ("See you to|", "morrow at the meeting."),
        ("See you tomorrow at| the gate", "<DuplicatesWhatFollows>"),
        ("See you tomorrow |the meeting", "at "),
        ("See you tomorrow at t|he gate", "<MidLine>"),
        ("See you zzghqxwvkjz|", "<PrefixNotMet>"),
        ("", "<TooLong>"),
    ] {
        let around = if around.is_empty() { "|" } else { around };
        assert_eq!(shown(completer, around), expected, "{around}");
    }
}

#[test]
fn typing_on_reuses_the_cache() {
    let completer = &mut completer();
    let first = suggest(completer, "Thank you very much for y|");
    assert_eq!((first.prefill_tokens, first.reused_tokens), (6, 0));
    let second = suggest(completer, "Thank you very much for yo|");
    assert_eq!((second.prefill_tokens, second.reused_tokens), (0, 6));
    let third = suggest(completer, "Thank you very much for your |");
    assert_eq!((third.prefill_tokens, third.reused_tokens), (1, 6));
}

#[test]
fn suggestions_go_on_after_the_model_was_lent() {
    let completer = &mut completer();
    let before = suggest(completer, "Thank you very much for y|");
    let (cached, tokenizer) = completer.lend();
    let prompt = tokenizer.encode("See you").unwrap();
    let pacer = &mut CountingPacer::default();
    block_on(cached.prompt(&prompt, pacer)).unwrap();
    block_on(cached.after(&[prompt.as_slice(), &prompt].concat(), pacer)).unwrap();
    let after = suggest(completer, "Thank you very much for y|");
    assert_eq!(after.outcome, before.outcome);
    assert_eq!(after.prefill_tokens, before.prefill_tokens);
}

#[test]
fn a_superseded_request_ends_and_the_next_one_works() {
    let completer = &mut completer();
    let expected = suggest(completer, "See you to|").outcome;
    for pauses in 0..6 {
        let mut pacer = CountingPacer::stopping_after(pauses);
        let cancelled =
            block_on(completer.suggest("Thank you ve", "", FieldHints::default(), &mut pacer));
        assert!(matches!(cancelled, Err(CompleteError::Cancelled) | Ok(_)));
        assert_eq!(suggest(completer, "See you to|").outcome, expected);
    }
}

#[test]
fn a_fault_ends_one_request_only() {
    for fault in [
        Fault::Error,
        Fault::Nan,
        Fault::WrongLength,
        Fault::LostCache,
    ] {
        for calls in 0..6 {
            let completer = &mut completer();
            completer.cached.decoder_mut().fail_at(calls, fault);
            let _ = block_on(completer.suggest(
                "Thank you ve",
                "",
                FieldHints::default(),
                &mut CountingPacer::default(),
            ));
            assert_eq!(
                shown(completer, "See you tomor|"),
                "row at the meeting.",
                "{fault:?} after {calls}"
            );
        }
    }
}

#[test]
fn faults_have_codes() {
    let completer = &mut completer();
    let mut ask = |fault| {
        completer.cached.decoder_mut().fail_next(fault);
        let pacer = &mut CountingPacer::default();
        block_on(completer.suggest("Thank you ve", "", FieldHints::default(), pacer)).unwrap_err()
    };
    assert!(matches!(ask(Fault::Error), CompleteError::Decoder(_)));
    assert!(matches!(ask(Fault::Nan), CompleteError::Logits));
    assert!(matches!(ask(Fault::WrongLength), CompleteError::Logits));
}

#[test]
fn text_over_the_limit_is_refused() {
    let completer = &mut completer();
    let pacer = &mut CountingPacer::default();
    let fits = "é".repeat(MAX_BEFORE_UTF16 as usize);
    assert!(block_on(completer.suggest(&fits, "", FieldHints::default(), pacer)).is_ok());
    for (before, after) in [
        (fits.as_str().to_owned() + "e", String::new()),
        (String::new(), "x".repeat(401)),
        ("x".repeat(10_000_000), String::new()),
    ] {
        let refused = block_on(completer.suggest(&before, &after, FieldHints::default(), pacer));
        assert!(matches!(refused, Err(CompleteError::TooLarge)));
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let new = |vocab_size, capacity, settings| {
        Completer::new(
            TableDecoder::new(vocab_size, capacity, &[]),
            PieceTokenizer::new(&[]),
            settings,
        )
        .err()
    };
    let settings = SuggestionSettings::default();
    assert!(new(257, 256, settings).is_none());
    assert!(matches!(
        new(256, 256, settings),
        Some(CompleteError::Mismatch)
    ));
    assert!(matches!(
        new(257, 22, settings),
        Some(CompleteError::Settings)
    ));
    let bad = SuggestionSettings {
        max_words: 0,
        ..settings
    };
    assert!(matches!(new(257, 256, bad), Some(CompleteError::Settings)));
}

#[test]
fn nothing_is_asked_where_silence_is_certain() {
    let completer = &mut completer();
    for around in ["|", "my number is 12|", "Привет |", "a wor|d"] {
        let suggestion = suggest(completer, around);
        assert!(matches!(
            suggestion.outcome,
            SuggestOutcome::Suppress { .. }
        ));
        assert_eq!(suggestion.continuation, None);
    }
    assert_eq!(completer.decoder().calls(), 0);
}

proptest! {
    #[test]
    fn any_text_gives_an_answer_and_steps_are_bounded(
        befores in proptest::collection::vec("(Thank you|See you | very| to|\\PC|\\n| ){0,12}", 1..4),
        after in "(\\PC|\\n| the){0,4}",
        pauses in proptest::option::of(0usize..20),
    ) {
        let completer = &mut completer();
        for before in &befores {
            let mut pacer = pauses.map_or(CountingPacer::default(), CountingPacer::stopping_after);
            match block_on(completer.suggest(before, &after, FieldHints::default(), &mut pacer)) {
                Ok(suggestion) => {
                    let settings = completer.settings();
                    prop_assert!(suggestion.decode_steps <= settings.max_heal_steps * 2 + 1 + settings.max_new_tokens);
                }
                Err(error) => prop_assert!(matches!(error, CompleteError::Cancelled), "{error}"),
            }
        }
    }

    #[test]
    fn what_is_remembered_changes_no_answer(befores in proptest::collection::vec("(Thank you|See you | very| to|mor|\\n| ){0,6}", 1..6)) {
        let warm = &mut completer();
        for before in &befores {
            let around = format!("{before}|");
            prop_assert_eq!(suggest(warm, &around).outcome, suggest(&mut completer(), &around).outcome);
        }
    }
}
