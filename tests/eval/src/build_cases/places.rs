//! Words of running sentences, and what can be said of a place in them without knowing the language.

use std::ops::Range;

use sotto_core::text::{is_latin_letter, units};

use super::Document;
use crate::random::Random;

/// Words that a paragraph must have to count as running text: shorter ones are headings, greetings, items.
const MIN_WORDS: usize = 8;

/// Words of a paragraph before the first place: with fewer nothing can be foretold.
const WORDS_BEFORE: usize = 3;

/// Most words of the true continuation that a case accepts: more than any suggestion shows.
const WORDS_AFTER: usize = 12;

/// A word in a paragraph of running text.
pub(super) struct Place<'a> {
    pub(super) document: &'a Document<'a>,
    /// Where the paragraph ends in the document.
    paragraph_end: usize,
    /// The word, without the space in front, in the document.
    pub(super) word: Range<usize>,
}

impl<'a> Place<'a> {
    /// The word.
    pub(super) fn text(&self) -> &'a str {
        &self.document.text[self.word.clone()]
    }

    /// The document up to `at`.
    pub(super) fn before(&self, at: usize) -> &'a str {
        &self.document.text[..at]
    }

    /// What was written behind `at`, at most some words and at most to the paragraph's end.
    pub(super) fn after(&self, at: usize) -> &'a str {
        let rest = &self.document.text[at..self.paragraph_end];
        let end = units(rest).get(WORDS_AFTER).map(|unit| unit.start);
        &rest[..end.unwrap_or(rest.len())]
    }

    /// What was written behind `at` up to the end of the line.
    pub(super) fn line_after(&self, at: usize) -> &'a str {
        &self.document.text[at..self.paragraph_end]
    }

    /// Whether the word is a common one: small Latin letters and apostrophes, so neither a name nor a number nor code.
    pub(super) fn is_plain(&self) -> bool {
        let text = self.text();
        text.chars()
            .all(|char| (is_latin_letter(char) && char.is_lowercase()) || char == '\'')
            && text.chars().any(char::is_alphabetic)
    }

    /// Whether the word is a number.
    pub(super) fn is_number(&self) -> bool {
        self.text()
            .chars()
            .all(|char| char.is_ascii_digit() || ",.".contains(char))
    }

    /// Whether the word looks like a name: a capital letter in the middle of a sentence, small ones behind.
    pub(super) fn is_name(&self) -> bool {
        let mut chars = self.text().chars();
        let is_capitalised = chars.next().is_some_and(char::is_uppercase)
            && chars.clone().count() >= 2
            && chars.all(char::is_lowercase);
        let before = self.before(self.word.start).trim_end_matches(' ');
        is_capitalised && before.ends_with(|char: char| char.is_lowercase() || char == ',')
    }
}

/// Draws places at random: a document, a paragraph of it, a word of that. Every document has the same chance, so that one
/// long text does not make up half of the cases.
pub(super) struct Places<'a> {
    documents: Vec<(&'a Document<'a>, Vec<Range<usize>>)>,
}

impl<'a> Places<'a> {
    pub(super) fn new(documents: &'a [Document<'a>]) -> Self {
        let with_paragraphs = documents.iter().map(|document| {
            let paragraphs = paragraphs(document.text);
            (document, paragraphs)
        });
        Self {
            documents: with_paragraphs
                .filter(|(_, paragraphs)| !paragraphs.is_empty())
                .collect(),
        }
    }

    /// A word, not among the first of its paragraph; `None` if the text has none.
    pub(super) fn draw(&self, random: &mut Random) -> Option<Place<'a>> {
        let (document, paragraphs) = random.one_of(&self.documents)?;
        let paragraph = random.one_of(paragraphs)?.clone();
        let text = &document.text[paragraph.clone()];
        let words = words(text);
        let word = random.one_of(words.get(WORDS_BEFORE..)?)?;
        Some(Place {
            document,
            paragraph_end: paragraph.end,
            word: paragraph.start + word.start..paragraph.start + word.end,
        })
    }

    /// The first of some draws that `fits`, and that were not drawn before (`used`: document and place).
    pub(super) fn find(
        &self,
        random: &mut Random,
        used: &mut std::collections::HashSet<(usize, usize)>,
        fits: impl Fn(&Place<'a>) -> bool,
    ) -> Option<Place<'a>> {
        /// Numbers and names are one word in thirty.
        const DRAWS: usize = 2_000;
        (0..DRAWS)
            .filter_map(|_| self.draw(random))
            .find(|place| fits(place) && used.insert((place.document.number, place.word.start)))
    }
}

/// Lines of running text.
fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        if words(line).len() >= MIN_WORDS {
            found.push(at..at + line.trim_end().len());
        }
        at += line.len() + 1;
    }
    found
}

/// Words of a line, without the spaces in front, that a space stands before: what follows a hyphen or a quote is no place
/// where somebody pauses.
fn words(line: &str) -> Vec<Range<usize>> {
    units(line)
        .into_iter()
        .filter_map(|unit| {
            let text = &line[unit.clone()];
            let word = text.trim_start();
            let is_word = word.starts_with(char::is_alphanumeric);
            let start = unit.end - word.len();
            (is_word && (text.len() > word.len() || start == 0)).then_some(start..unit.end)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "Heading\n\nWe met Anna in Berlin at 12 o'clock, and well-known people came late.\n\nBye";

    fn all() -> Vec<(String, bool, bool, bool)> {
        let documents = [Document {
            number: 0,
            text: TEXT,
        }];
        let places = Places::new(&documents);
        let mut random = Random::new(1);
        let mut used = std::collections::HashSet::new();
        let mut found = Vec::new();
        while let Some(place) = places.find(&mut random, &mut used, |_| true) {
            found.push((
                place.word.start,
                place.text().to_owned(),
                place.is_plain(),
                place.is_number(),
                place.is_name(),
            ));
        }
        found.sort();
        found
            .into_iter()
            .map(|(_, text, plain, number, name)| (text, plain, number, name))
            .collect()
    }

    #[test]
    fn words_of_running_text_and_their_kinds() {
        let found = all();
        let texts: Vec<&str> = found.iter().map(|(text, ..)| text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "in", "Berlin", "at", "12", "o'clock", "and", "well", "people", "came", "late"
            ]
        );
        let plain: Vec<&str> = found
            .iter()
            .filter(|word| word.1)
            .map(|(text, ..)| text.as_str())
            .collect();
        assert_eq!(
            plain,
            [
                "in", "at", "o'clock", "and", "well", "people", "came", "late"
            ]
        );
        assert!(found.iter().all(
            |(text, _, number, name)| *number == (text == "12") && *name == (text == "Berlin")
        ));
    }

    #[test]
    fn what_follows_ends_with_the_paragraph() {
        let document = Document {
            number: 0,
            text: TEXT,
        };
        let at = TEXT.find("late").expect("it is there");
        let place = Place {
            document: &document,
            paragraph_end: TEXT.find("\n\nBye").expect("there"),
            word: at..at + 4,
        };
        assert_eq!(place.after(at), "late.");
        assert_eq!(place.after(at + 2), "te.");
        assert!(place.before(at).ends_with("came "));
    }
}
