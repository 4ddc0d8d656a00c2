//! Whether what a summary says can be found in its source.
//!
//! Not whether it is true: names and numbers are what small models invent most and what hurts most when it is wrong
//! (Nan et al. 2021, "Entity-level Factual Consistency of Abstractive Text Summarization"), and they can be looked up
//! without a model. Names are told by their capital letter; scripts without capitals have only their numbers checked.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation as _;

/// Words that begin a sentence in front of a name without belonging to it.
const OPENERS: &[&str] = &[
    "a",
    "according",
    "after",
    "an",
    "and",
    "as",
    "at",
    "because",
    "before",
    "both",
    "but",
    "by",
    "during",
    "for",
    "from",
    "he",
    "her",
    "his",
    "how",
    "however",
    "if",
    "in",
    "it",
    "its",
    "later",
    "like",
    "many",
    "meanwhile",
    "most",
    "now",
    "of",
    "on",
    "once",
    "or",
    "our",
    "she",
    "since",
    "so",
    "some",
    "that",
    "the",
    "their",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "though",
    "through",
    "to",
    "today",
    "under",
    "until",
    "we",
    "what",
    "when",
    "where",
    "which",
    "while",
    "who",
    "why",
    "with",
    "you",
    "your",
];

/// Letters that a name may differ in at its end: "Italy" and "Italian", "Smiths" and "Smith".
const MAX_ENDING: usize = 3;

/// Letters that must agree in any case.
const MIN_STEM: usize = 4;

/// The words and numbers of a text.
#[derive(Debug, Clone)]
pub(super) struct Source {
    words: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        let words = text.unicode_words().map(folded).collect();
        let numbers = text.unicode_words().filter_map(number).collect();
        Self { words, numbers }
    }

    /// Whether every name and number of `sentence` is in the source.
    pub(super) fn supports(&self, sentence: &str) -> bool {
        let words: Vec<(usize, &str)> = sentence.unicode_word_indices().collect();
        words.iter().enumerate().all(|(index, &(at, word))| {
            if let Some(number) = number(word) {
                return self.numbers.contains(&number) || is_marker(sentence, at, word);
            }
            let opens = index == 0 || is_opening(&sentence[..at]);
            let before_name = words
                .get(index + 1)
                .is_some_and(|(_, next)| is_capitalised(next));
            let is_name = is_capitalised(word)
                && (!opens || (before_name && !OPENERS.contains(&folded(word).as_str())));
            !is_name || self.has(&folded(word))
        })
    }

    /// Whether the source has `word`, or a word with the same stem.
    fn has(&self, word: &str) -> bool {
        if self.words.contains(word) {
            return true;
        }
        let letters = word.chars().count();
        if letters < MIN_STEM {
            return false;
        }
        let kept = (letters - MAX_ENDING.min(letters)).max(MIN_STEM);
        let stem: String = word.chars().take(kept).collect();
        let alike = self.words.range(stem.clone()..);
        alike
            .take_while(|known| known.starts_with(&stem))
            .any(|known| known.chars().count() <= kept + MAX_ENDING)
    }
}

/// In lower case, without a possessive ending.
fn folded(word: &str) -> String {
    let word = word.to_lowercase();
    let stem = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s"));
    stem.map(str::to_owned).unwrap_or(word)
}

fn is_capitalised(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase) && word != "I"
}

/// The number in `word`, without separators of thousands: that of "1,000", "5th", "Q3".
fn number(word: &str) -> Option<String> {
    let kept = |char: &char| char.is_numeric() || *char == '.';
    let digits: String = word.chars().filter(kept).collect();
    let digits = digits.trim_matches('.');
    digits.contains(char::is_numeric).then(|| digits.to_owned())
}

/// Whether the number `word` at `at` is the marker of an item: at the beginning of a line, with a full stop or a bracket.
fn is_marker(sentence: &str, at: usize, word: &str) -> bool {
    let line = sentence[..at].rsplit('\n').next().unwrap_or_default();
    line.trim().is_empty() && sentence[at + word.len()..].starts_with(['.', ')'])
}

/// Whether what follows `before` begins with a capital letter in any case.
fn is_opening(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '"', '\'', '“', '‘', '(', '*', '_']);
    before.is_empty() || before.ends_with(['\n', ':', '.', '!', '?', '-', '•', '–', '—', '#', ')'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "In 2019 the mayor of Springfield, Ana Lopez, spent $1,250 on 3.5 kilometres of road. \
        Italy's minister visited Monday.";

    #[test]
    fn names_and_numbers_must_be_in_the_source() {
        let source = Source::new(TEXT);
        for yes in [
            "The mayor spent 1250 dollars on roads.",
            "Ana Lopez is Springfield's mayor.",
            "After Monday the Italian minister left.",
            "Lopez built 3.5 kilometres in 2019.",
            "1. Roads were built.\n2) The mayor paid.",
            "Politicians met: They talked. \"Roads\" were the topic.",
            "Whatever I say is small talk.",
            "",
        ] {
            assert!(source.supports(yes), "{yes}");
        }
        for no in [
            "The mayor of Shelbyville spent it.",
            "John Lopez is mayor.",
            "It cost 1,500 dollars.",
            "It was 35 kilometres.",
            "It happened in 2020.",
            "After Tuesday she left.",
            "In 2019 there were 2 roads.",
        ] {
            assert!(!source.supports(no), "{no}");
        }
    }

    #[test]
    fn scripts_without_capitals_have_their_numbers_checked() {
        let source = Source::new("会议于2019年举行。");
        assert!(source.supports("2019年的会议。"));
        assert!(!source.supports("2020年的会议。"));
    }
}
