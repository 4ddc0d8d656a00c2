//! Whether what is shown is what the writer meant.

use sotto_core::text::units;

/// Whether `shown` is right: it is a beginning of an accepted text, or begins with one. Word by word, case and spacing kept:
/// a part of a word is never right. Where the line goes on behind the caret (`after`), words beyond the accepted ones
/// would stand in its way, so they are wrong there.
pub(crate) fn is_right(shown: &str, accept: &[String], after: &str) -> bool {
    let goes_on = !after
        .split('\n')
        .next()
        .unwrap_or_default()
        .trim()
        .is_empty();
    accept.iter().any(|accepted| {
        !accepted.trim().is_empty()
            && (begins_with(accepted, shown) || (!goes_on && begins_with(shown, accepted)))
    })
}

/// Whether `text` begins with the whole words and punctuation of `part`.
pub(crate) fn begins_with(text: &str, part: &str) -> bool {
    let end = part.trim_end().len();
    text.starts_with(part) && units(text).iter().any(|unit| unit.end == end)
}

/// Words and runs of punctuation in `text`.
pub(crate) fn words(text: &str) -> usize {
    let is_word =
        |unit: &std::ops::Range<usize>| text[unit.clone()].contains(char::is_alphanumeric);
    units(text).iter().filter(|unit| is_word(unit)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_means_whole_words_with_their_case_and_spacing() {
        let right = |shown: &str, accept: &str| is_right(shown, &[accept.to_owned()], "");
        for (shown, accept) in [
            ("tomorrow", "tomorrow at noon"),
            ("tomorrow at noon", "tomorrow at noon"),
            ("tomorrow at noon.", "tomorrow at noon"),
            ("ld of", "ld of the game"),
            ("tomorrow", "tomorrow, I hope"),
            ("tomorrow,", "tomorrow, I hope"),
            (" again", " again and again"),
            ("big ", "big wide"),
            ("don't", "don't know"),
        ] {
            assert!(right(shown, accept), "{shown:?} {accept:?}");
        }
        for (shown, accept) in [
            ("tomor", "tomorrow"),
            ("tomorrows", "tomorrow"),
            ("don", "don't know"),
            ("Tomorrow", "tomorrow"),
            ("again", " again"),
            (" again", "again"),
            ("tomorrow  at", "tomorrow at"),
            ("today", "tomorrow"),
            ("today", ""),
        ] {
            assert!(!right(shown, accept), "{shown:?} {accept:?}");
        }
        assert!(is_right("b", &["a".into(), "b".into()], ""));
        assert!(is_right("big ", &["big ".into()], "world"));
        assert!(!is_right("big old ", &["big ".into()], "world"));
    }

    #[test]
    fn punctuation_is_no_word() {
        assert_eq!(words("ld of the game."), 4);
        assert_eq!(words(" -- "), 0);
    }
}
