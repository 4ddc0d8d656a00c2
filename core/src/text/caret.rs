//! What stands at the caret.

use std::borrow::Cow;

use super::{byte_of_utf16, head_utf16, is_word_char, tail_utf16};
use crate::protocol::{MAX_AFTER_UTF16, MAX_BEFORE_UTF16};

/// Text on both sides of the caret, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaretText<'a> {
    /// Up to the caret.
    pub before: Cow<'a, str>,
    /// From the caret on.
    pub after: Cow<'a, str>,
}

/// The text before the caret in two parts: what is settled, and what the next token may still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfTyped<'a> {
    /// Settled: a prompt can be made of it.
    pub base: &'a str,
    /// Typed, but to be reproduced by the model: the word or punctuation at the caret with the space in front of it, or
    /// the space at the caret. Empty after a line break.
    pub required: &'a str,
    /// The word at the caret, without the space: a part of `required`, empty if the caret is not behind a word.
    pub stem: &'a str,
}

impl<'a> CaretText<'a> {
    /// Normalises both sides.
    pub fn new(before: &'a str, after: &'a str) -> Self {
        Self {
            before: normalise(before),
            after: normalise(after),
        }
    }

    /// The window around a caret in a whole text, cut to the limits of the protocol. `None` if the caret is beyond the
    /// end or between the halves of a surrogate pair.
    ///
    /// # Units
    /// `caret_utf16` counts UTF-16 code units, as the browser does.
    pub fn at(text: &'a str, caret_utf16: usize) -> Option<Self> {
        let (before, after) = text.split_at(byte_of_utf16(text, caret_utf16)?);
        Some(Self::new(
            tail_utf16(before, MAX_BEFORE_UTF16 as usize),
            head_utf16(after, MAX_AFTER_UTF16 as usize),
        ))
    }

    /// What follows on the caret's line.
    pub fn rest_of_line(&self) -> &str {
        self.after.split('\n').next().unwrap_or_default()
    }

    /// Whether text follows on the same line. Closing punctuation alone, as editors insert it by themselves, does not
    /// count.
    pub fn is_mid_line(&self) -> bool {
        self.rest_of_line()
            .chars()
            .any(|char| !char.is_whitespace() && !is_closing(char))
    }

    /// Whether the caret has characters of one word on both sides.
    pub fn is_inside_word(&self) -> bool {
        self.before.ends_with(is_word_char) && self.after.starts_with(is_word_char)
    }

    /// Splits the text before the caret.
    pub fn half_typed(&self) -> HalfTyped<'_> {
        half_typed(&self.before)
    }
}

/// Text as the model was trained on it: one kind of space, one kind of line break, no invisible fillers that editors put
/// around the caret.
pub fn normalise(text: &str) -> Cow<'_, str> {
    if !text.contains([
        '\r', '\u{A0}', '\u{200B}', '\u{2028}', '\u{2029}', '\u{202F}', '\u{2060}', '\u{FEFF}',
    ]) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n");
    let map = |char| match char {
        '\u{A0}' | '\u{202F}' => Some(' '),
        '\r' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\u{200B}' | '\u{2060}' | '\u{FEFF}' => None,
        other => Some(other),
    };
    Cow::Owned(text.chars().filter_map(map).collect())
}

fn half_typed(before: &str) -> HalfTyped<'_> {
    let stem = &before[word_start(before)..];
    let start = match before.chars().next_back() {
        None => 0,
        // One space belongs to the next word. Line breaks, tabs and further spaces are settled.
        Some(' ') => before.len() - 1,
        Some(last) if last.is_whitespace() => before.len(),
        Some(_) => {
            let run = if stem.is_empty() {
                punctuation_start(before)
            } else {
                before.len() - stem.len()
            };
            run - usize::from(before[..run].ends_with(' '))
        }
    };
    HalfTyped {
        base: &before[..start],
        required: &before[start..],
        stem,
    }
}

/// Where the word at the end of `text` begins. An apostrophe belongs to a word that began before it ("don't", "don'").
fn word_start(text: &str) -> usize {
    let body = text
        .strip_suffix('\'')
        .filter(|body| body.ends_with(is_word_char))
        .unwrap_or(text);
    if !body.ends_with(is_word_char) {
        return text.len();
    }
    let mut start = body.len();
    loop {
        start = body[..start].trim_end_matches(is_word_char).len();
        match body[..start].strip_suffix('\'') {
            Some(head) if head.ends_with(is_word_char) => start = head.len(),
            _ => return start,
        }
    }
}

fn punctuation_start(text: &str) -> usize {
    text.trim_end_matches(|char: char| !char.is_whitespace() && !is_word_char(char))
        .len()
}

fn is_closing(char: char) -> bool {
    matches!(
        char,
        '.' | ','
            | ';'
            | ':'
            | '!'
            | '?'
            | ')'
            | ']'
            | '}'
            | '"'
            | '\''
            | '”'
            | '’'
            | '»'
            | '`'
            | '*'
            | '_'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The caret is the bar.
    fn caret(text: &str) -> CaretText<'_> {
        let (before, after) = text.split_once('|').unwrap();
        CaretText::new(before, after)
    }

    #[test]
    fn the_half_typed_part_takes_its_space_with_it() {
        for (text, base, required, stem) in [
            ("Hello wor|", "Hello", " wor", "wor"),
            ("Hello |", "Hello", " ", ""),
            ("Hello  |", "Hello ", " ", ""),
            ("Hello|", "", "Hello", "Hello"),
            ("Hello,|", "Hello", ",", ""),
            ("Hello (|", "Hello", " (", ""),
            ("Hello\n|", "Hello\n", "", ""),
            ("Hello\nWo|", "Hello\n", "Wo", "Wo"),
            ("I don't|", "I", " don't", "don't"),
            ("I don'|", "I", " don'", "don'"),
            ("say '|", "say", " '", ""),
            ("say 'tw|", "say '", "tw", "tw"),
            ("well-kn|", "well-", "kn", "kn"),
            (
                "the caf\u{65}\u{301}|",
                "the",
                " caf\u{65}\u{301}",
                "caf\u{65}\u{301}",
            ),
            ("yes 🙂|", "yes", " 🙂", ""),
            ("|", "", "", ""),
        ] {
            let caret = caret(text);
            assert_eq!(
                caret.half_typed(),
                HalfTyped {
                    base,
                    required,
                    stem
                },
                "{text}"
            );
        }
    }

    #[test]
    fn lines_and_words_around_the_caret() {
        assert!(caret("Hello |world").is_mid_line());
        assert!(!caret("Hello |").is_mid_line());
        assert!(!caret("Hello |\nworld").is_mid_line());
        assert!(!caret("f(x|);").is_mid_line());
        assert!(!caret("\"Hello|\"  ").is_mid_line());
        assert!(caret("Hello wor|ld").is_inside_word());
        assert!(!caret("Hello| world").is_inside_word());
        assert!(!caret("Hello |world").is_inside_word());
        assert_eq!(caret("a|b c\nd").rest_of_line(), "b c");
    }

    #[test]
    fn a_window_is_cut_at_both_ends() {
        let text = format!("{}|{}", "🙂".repeat(1500), "é".repeat(900));
        let window = CaretText::at(&text, 3000).unwrap();
        assert_eq!(window.before.chars().count(), 1000);
        assert_eq!(window.after.chars().count(), 400);
        assert_eq!(CaretText::at("🙂", 1), None);
        assert_eq!(CaretText::at("🙂", 3), None);
    }

    #[test]
    fn editors_spaces_and_fillers_are_normalised() {
        assert_eq!(normalise("a\u{A0}b\u{200B}\r\nc\rd\u{FEFF}"), "a b\nc\nd");
        assert!(matches!(normalise("plain"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn the_parts_make_the_whole(before in "[a-z '\\-,.\\n\\PC]{0,30}") {
            let caret = CaretText::new(&before, "");
            let parts = caret.half_typed();
            prop_assert_eq!(format!("{}{}", parts.base, parts.required), caret.before.as_ref());
            prop_assert!(parts.required.ends_with(parts.stem));
            prop_assert_eq!(parts.required.trim_start_matches(' ').contains(char::is_whitespace), false);
        }
    }
}
