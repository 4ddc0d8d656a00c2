//! Words that are never suggested, and sentences that are never completed: slurs, coarse words, words that assume
//! somebody's gender or faith, generalisations about groups of people.
//!
//! **The list is `never-suggest.txt`**: one place, readable by everybody, changed by editing it. It is compared with whole
//! words, since a model writes whole words; there is no guessing at disguised spellings, which only people use.
//!
//! # Source
//! Leaving out every gendered pronoun is what Gmail's Smart Compose does, after no finer rule proved reliable (Reuters, 27
//! November 2018: less than one suggestion in a hundred is lost). Nothing behind words for groups: Chen et al. 2019,
//! "Gmail Smart Compose", section 5.4, on fairness; the rule itself is ours.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use unicode_segmentation::UnicodeSegmentation as _;

/// Words behind a word for a faith or an origin within which nothing is suggested.
const WORDS_AFTER_IDENTITY: usize = 4;

/// Words behind a generalising verb within which nothing is suggested.
const WORDS_AFTER_GENERALISATION: usize = 4;

/// Bytes before the caret that are looked at: more than the words above take.
const LOOK_BACK_BYTES: usize = 160;

/// Verbs and adverbs with which a sentence about a group becomes one about all of it.
const GENERALISING: &[&str] = &[
    "all", "always", "are", "aren", "belong", "can", "cannot", "deserve", "do", "don", "hate",
    "have", "just", "like", "love", "must", "need", "never", "only", "ought", "should", "shouldn",
    "tend", "want", "were", "will", "won",
];

/// What makes a group of "people" in the next word; alone these say nothing about people.
const OF_PEOPLE: &[&str] = &[
    "black",
    "blind",
    "brown",
    "deaf",
    "disabled",
    "fat",
    "foreign",
    "indigenous",
    "native",
    "old",
    "poor",
    "rich",
    "straight",
    "trans",
    "white",
];

static LISTS: LazyLock<Lists> = LazyLock::new(|| Lists::parse(include_str!("never-suggest.txt")));

/// The sections of the file.
struct Lists {
    /// Not suggested: every section but `groups`.
    never: Words,
    identity: Words,
    groups: Words,
}

/// Words and beginnings of words.
#[derive(Default)]
struct Words {
    whole: HashSet<&'static str>,
    beginnings: Vec<&'static str>,
}

impl Words {
    fn add(&mut self, entry: &'static str) {
        match entry.strip_suffix('*') {
            Some(beginning) => self.beginnings.push(beginning),
            None => {
                self.whole.insert(entry);
            }
        }
    }

    fn has(&self, word: &str) -> bool {
        self.whole.contains(word)
            || self
                .beginnings
                .iter()
                .any(|beginning| word.starts_with(beginning))
    }
}

impl Lists {
    fn parse(file: &'static str) -> Self {
        let mut lists = Self {
            never: Words::default(),
            identity: Words::default(),
            groups: Words::default(),
        };
        for (section, entry) in entries(file) {
            match section {
                "groups" => lists.groups.add(entry),
                "identity" => {
                    lists.identity.add(entry);
                    lists.never.add(entry);
                }
                _ => lists.never.add(entry),
            }
        }
        lists
    }
}

/// Section and entry of every line that holds one.
fn entries(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut section = "";
    file.lines().filter_map(move |line| {
        let entry = line.split('#').next().unwrap_or_default().trim();
        match entry
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
        {
            Some(name) => {
                section = name;
                None
            }
            None => (!entry.is_empty()).then_some((section, entry)),
        }
    })
}

/// Index of the first unit of `text` that must never be suggested. `stem` is the half-typed word that the first unit
/// completes, empty if it completes none.
pub fn never_start(stem: &str, text: &str, units: &[Range<usize>]) -> Option<usize> {
    units.iter().enumerate().position(|(index, unit)| {
        let part = text[unit.clone()].trim();
        let joined = if index == 0 {
            format!("{stem}{part}")
        } else {
            part.to_owned()
        };
        words(&joined).any(|word| LISTS.never.has(&word))
    })
}

/// Whether the sentence at the end of `before` is about a group of people in a way that no completion is fit for.
pub fn is_loaded_before(before: &str) -> bool {
    let tail = &before[before.ceil_char_boundary(before.len().saturating_sub(LOOK_BACK_BYTES))..];
    let sentence = tail
        .rsplit(['.', '!', '?', '\n'])
        .next()
        .unwrap_or_default();
    let words: Vec<String> = words(sentence).collect();
    let left_after = |index: usize| words.len() - index - 1;
    words.iter().enumerate().any(|(index, word)| {
        if LISTS.identity.has(word) {
            return left_after(index) <= WORDS_AFTER_IDENTITY;
        }
        let is_group = LISTS.groups.has(word)
            || (word == "people" && index > 0 && OF_PEOPLE.contains(&words[index - 1].as_str()));
        let verb = words.iter().skip(index + 1).take(2);
        let verb = verb
            .zip(index + 1..)
            .find(|(word, _)| GENERALISING.contains(&word.as_str()));
        is_group && verb.is_some_and(|(_, at)| left_after(at) <= WORDS_AFTER_GENERALISATION)
    })
}

/// Words in lower case, cut at apostrophes: "he's" is "he".
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.unicode_words().map(|word| {
        let word = word.to_lowercase();
        let stem = word.split(['\'', '’']).next().unwrap_or_default();
        stem.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::units;

    const FILE: &str = include_str!("never-suggest.txt");

    fn shown(stem: &str, text: &'static str) -> &'static str {
        let units = units(text);
        never_start(stem, text, &units).map_or(text, |at| &text[..units[at].start])
    }

    #[test]
    fn the_file_is_in_order() {
        let mut last = ("", "");
        let mut sections = Vec::new();
        for (section, entry) in entries(FILE) {
            assert!(
                section != last.0 || entry > last.1,
                "{entry} is out of order or there twice"
            );
            if section != last.0 {
                sections.push(section);
            }
            let letters = entry.trim_end_matches('*');
            assert!(
                letters.len() >= 2 && letters.chars().all(|char| char.is_ascii_lowercase()),
                "{entry}"
            );
            last = (section, entry);
        }
        assert_eq!(
            sections,
            ["slurs", "profanity", "gender", "identity", "groups"]
        );
    }

    #[test]
    fn suggestions_end_before_a_word_of_the_list() {
        assert_eq!(shown("", "that he's late"), "that");
        assert_eq!(shown("", "meet Him tomorrow"), "meet");
        assert_eq!(shown("", "to the mosque today"), "to the");
        assert_eq!(shown("", "to the theatre"), "to the theatre");
        assert_eq!(shown("bullsh", "it again"), "");
        assert_eq!(shown("nig", "ht is young"), "ht is young");
        assert_eq!(shown("h", "im"), "");
        assert_eq!(shown("Christ", "mas is near"), "mas is near");
        assert_eq!(shown("", "women and men"), "women and men");
    }

    /// Every entry, so that a rule that is broken by one of them shows.
    #[test]
    fn no_entry_is_ever_shown() {
        for (section, entry) in entries(FILE) {
            let word = entry.trim_end_matches('*');
            let upper = word.to_uppercase();
            for text in [
                format!("of {word} here"),
                format!("of {upper}"),
                format!("of \"{word}\"."),
            ] {
                let units = units(&text);
                let at = never_start("", &text, &units);
                if section == "groups" {
                    assert_eq!(at, None, "{text}");
                } else {
                    let found = at.map(|at| text[units[at].clone()].trim().to_lowercase());
                    assert_eq!(found.as_deref(), Some(word), "{text}");
                }
            }
        }
    }

    #[test]
    fn generalisations_are_not_completed() {
        for before in [
            "I think women are ",
            "Old people are ",
            "Immigrants should ",
            "black people always ",
            "Men don't really ",
            "because he is a Muslim and ",
            "My Jewish neigh",
            "as the germans just love to ",
        ] {
            assert!(is_loaded_before(before), "{before}");
        }
        for before in [
            "The women of the team ",
            "We met at the mosque in the old town and then went ",
            "Women are welcome. We ",
            "Many people are ",
            "Hello men, ",
            "",
            "é🙂",
        ] {
            assert!(!is_loaded_before(before), "{before}");
        }
    }
}
