//! Words, punctuation and sentences.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

/// Whether `char` belongs to a word when it stands at its edge: a letter, digit, or mark on one.
pub fn is_word_char(char: char) -> bool {
    char.is_alphanumeric() || is_combining(char)
}

/// Byte ranges of the units that a suggestion is shown and accepted in: a word or a run of punctuation, each with the
/// white space in front of it. Trailing white space belongs to none.
///
/// # Source
/// Word boundaries of UAX #29, with neighbouring punctuation joined.
pub fn units(text: &str) -> Vec<Range<usize>> {
    let mut units: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    let mut last_was_punctuation = false;
    for (at, segment) in text.split_word_bound_indices() {
        if segment.chars().all(char::is_whitespace) {
            last_was_punctuation = false;
            continue;
        }
        let is_punctuation = !segment.chars().any(is_word_char);
        let end = at + segment.len();
        match units.last_mut() {
            Some(last) if is_punctuation && last_was_punctuation => last.end = end,
            _ => units.push(start..end),
        }
        start = end;
        last_was_punctuation = is_punctuation;
    }
    units
}

/// Whether `text` surely ends a sentence. A full stop after a digit, a single letter or a common abbreviation may not,
/// so it does not count.
pub fn ends_sentence(text: &str) -> bool {
    let body = text.trim_end_matches(['"', '\'', '”', '’', ')', ']']);
    match body.chars().next_back() {
        Some('!' | '?' | '…') => true,
        Some('.') => {
            let stem = body.trim_end_matches('.');
            let word = stem
                .rsplit(|char: char| !char.is_alphanumeric() && char != '.')
                .next()
                .unwrap_or_default();
            let is_short = word.chars().count() < 2 || word.contains('.');
            let is_number = word.ends_with(|char: char| char.is_numeric());
            !is_short && !is_number && !ABBREVIATIONS.contains(&word.to_lowercase().as_str())
        }
        _ => false,
    }
}

/// Byte offsets at which paragraphs and sentences of `text` begin, 0 left out. Half of the work of cutting a prompt.
///
/// # Source
/// Sentence boundaries of UAX #29.
pub fn sentence_starts(text: &str) -> impl Iterator<Item = usize> {
    text.split_sentence_bound_indices()
        .map(|(at, _)| at)
        .filter(|&at| at > 0)
}

/// English abbreviations that are followed by more of the sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "approx", "fig", "jr", "sr", "inc", "ltd",
    "co", "dept",
];

/// Combining marks of the blocks that go with Latin letters.
fn is_combining(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        units(text).into_iter().map(|unit| &text[unit]).collect()
    }

    #[test]
    fn units_keep_the_space_in_front() {
        assert_eq!(
            texts("ld of the  game."),
            ["ld", " of", " the", "  game", "."]
        );
        assert_eq!(
            texts(" don't say \"no\"!  "),
            [" don't", " say", " \"", "no", "\"!"]
        );
        assert_eq!(texts("well-known 3.14"), ["well", "-", "known", " 3.14"]);
        assert_eq!(texts("   "), Vec::<&str>::new());
    }

    #[test]
    fn sentence_ends() {
        for yes in [
            "It works.",
            "Really?",
            "He said \"no.\"",
            "Wait…",
            "(it did!)",
            "and so on...",
        ] {
            assert!(ends_sentence(yes), "{yes}");
        }
        for no in [
            "It works",
            "Dr.",
            "version 3.",
            "e.g.",
            "J.",
            "Mr.",
            "",
            ".",
            "U.S.",
            "etc.",
        ] {
            assert!(!ends_sentence(no), "{no}");
        }
    }

    proptest! {
        #[test]
        fn units_are_in_order_without_gaps(text in "\\PC{0,40}") {
            let mut at = 0;
            for unit in units(&text) {
                prop_assert_eq!(unit.start, at);
                prop_assert!(!text[unit.clone()].trim().is_empty());
                at = unit.end;
            }
            prop_assert!(text[at..].trim().is_empty());
        }
    }
}
