//! The text cut into words, numbers and signs, once, for all detectors.
//!
//! **Every detector looks at a bounded number of tokens around each one**, so that the whole is linear in the text.

use std::ops::Range;

use super::address::{self, Kinds};
use super::fold::fold_into;
use super::lexicon::{self, Classes};
use super::vocabulary::{self, Marks};

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Letters, with their marks.
    Word,
    /// ASCII digits.
    Number,
    /// One other visible character.
    Sign,
    /// White space with one line end.
    Line,
    /// White space with more line ends.
    Blank,
}

/// How the letters of a word are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// All lower case.
    Lower,
    /// The first is a capital.
    Capital,
    /// Several capitals and nothing else.
    Upper,
    /// Capitals inside.
    Mixed,
    /// The script has no capitals, or there are no letters.
    None,
}

/// A piece of the text. White space inside a line is between tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// First byte.
    pub(super) start: usize,
    /// Byte behind the last one.
    pub(super) end: usize,
    /// What it is.
    pub(super) class: Class,
    /// Of a word.
    pub(super) case: Case,
    /// Of a word.
    pub(super) classes: Classes,
    /// Of a word.
    pub(super) marks: Marks,
    /// Of a word: what it is in addresses.
    pub(super) kinds: Kinds,
}

/// The text with its tokens.
pub(super) struct Scan<'t> {
    /// All of it.
    pub(super) text: &'t str,
    /// In order.
    pub(super) tokens: Vec<Token>,
}

impl<'t> Scan<'t> {
    /// Cuts `text`.
    pub(super) fn new(text: &'t str) -> Self {
        let mut tokens = Vec::with_capacity(text.len() / 5);
        let mut rest = text.char_indices().peekable();
        let (mut lower, mut folded) = (String::new(), String::new());
        while let Some((start, char)) = rest.next() {
            let kind = CharClass::of(char);
            let mut end = start + char.len_utf8();
            let mut line_ends = usize::from(char == '\n');
            while let Some(&(at, next)) = rest.peek() {
                if kind == CharClass::Sign
                    || CharClass::of(next) != kind && !(kind == CharClass::Letter && is_mark(next))
                {
                    break;
                }
                line_ends += usize::from(next == '\n');
                end = at + next.len_utf8();
                rest.next();
            }
            let class = match kind {
                CharClass::Letter => Class::Word,
                CharClass::Digit => Class::Number,
                CharClass::Sign => Class::Sign,
                CharClass::Space if line_ends == 0 => continue,
                CharClass::Space if line_ends == 1 => Class::Line,
                CharClass::Space => Class::Blank,
            };
            let mut token = Token {
                start,
                end,
                class,
                case: Case::None,
                classes: 0,
                marks: vocabulary::NONE,
                kinds: 0,
            };
            // Longer words are no names and say nothing.
            if class == Class::Word && end - start <= MAX_WORD_BYTES {
                let word = &text[start..end];
                fold_into(word, &mut folded);
                lower.clear();
                lower.extend(word.chars().flat_map(char::to_lowercase));
                token.case = case_of(word);
                token.classes = lexicon::classes(&folded);
                token.marks = vocabulary::marks(&lower, &folded);
                token.kinds = address::kinds(&folded);
            }
            tokens.push(token);
        }
        Self { text, tokens }
    }

    /// The token, if there is one.
    pub(super) fn get(&self, index: usize) -> Option<&Token> {
        self.tokens.get(index)
    }

    /// The token before `index`.
    pub(super) fn before(&self, index: usize) -> Option<&Token> {
        index
            .checked_sub(1)
            .and_then(|index| self.tokens.get(index))
    }

    /// Text of the token `index`; empty behind the end.
    pub(super) fn str(&self, index: usize) -> &'t str {
        self.tokens
            .get(index)
            .map_or("", |token| &self.text[token.start..token.end])
    }

    /// Text of `range`, in bytes.
    pub(super) fn slice(&self, range: Range<usize>) -> &'t str {
        &self.text[range]
    }

    /// The character before byte `at`.
    pub(super) fn char_before(&self, at: usize) -> Option<char> {
        self.text[..at].chars().next_back()
    }

    /// The character at byte `at`.
    pub(super) fn char_at(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    /// What is between the tokens `index` and `index + 1`: white space inside a line, or nothing.
    pub(super) fn gap(&self, index: usize) -> &'t str {
        match (self.tokens.get(index), self.tokens.get(index + 1)) {
            (Some(one), Some(next)) => &self.text[one.end..next.start],
            _ => "",
        }
    }

    /// Whether `index` is a sign and that one.
    pub(super) fn is_sign(&self, index: usize, signs: &[char]) -> bool {
        self.get(index)
            .is_some_and(|token| token.class == Class::Sign)
            && self
                .str(index)
                .chars()
                .next()
                .is_some_and(|char| signs.contains(&char))
    }

    /// Whether the word `index` is one of `kinds` in addresses.
    pub(super) fn is_kind(&self, index: usize, kinds: Kinds) -> bool {
        self.get(index)
            .is_some_and(|token| token.kinds & kinds != 0)
    }

    /// Whether the token `index` is the first of its line.
    pub(super) fn is_line_start(&self, index: usize) -> bool {
        self.before(index)
            .is_none_or(|token| matches!(token.class, Class::Line | Class::Blank))
    }

    /// Whether the token behind `index` is on another line, or there is none.
    pub(super) fn is_line_end(&self, index: usize) -> bool {
        self.get(index + 1)
            .is_none_or(|token| matches!(token.class, Class::Line | Class::Blank))
    }

    /// The marks of the nearest of up to `words` words before token `index` that has one of `wanted`, and its index. Looks one
    /// line up from the beginning of a line, and not beyond a semicolon or the end of a sentence.
    pub(super) fn label_before(
        &self,
        index: usize,
        words: usize,
        wanted: Marks,
    ) -> Option<(usize, Marks)> {
        let mut seen = 0;
        let mut crossed = false;
        let lowest = index.saturating_sub(MAX_LABEL_TOKENS);
        for at in (lowest..index).rev() {
            let token = self.tokens[at];
            match token.class {
                Class::Word => {
                    if token.marks & wanted != 0 {
                        return Some((at, token.marks));
                    }
                    seen += 1;
                    if seen == words {
                        return None;
                    }
                }
                Class::Blank => return None,
                Class::Line if crossed || at + 1 != index => return None,
                Class::Line => crossed = true,
                Class::Sign if matches!(self.str(at), ";" | "!" | "?" | "。" | "|" | "•") => {
                    return None;
                }
                Class::Sign if self.str(at) == "." && self.ends_sentence(at) => return None,
                Class::Sign | Class::Number => {}
            }
        }
        None
    }

    /// Whether one of up to `words` words behind token `index` on its line has one of `wanted`.
    pub(super) fn label_after(&self, index: usize, words: usize, wanted: Marks) -> bool {
        let behind = self.tokens.iter().skip(index + 1).take(MAX_LABEL_TOKENS);
        behind
            .take_while(|token| !matches!(token.class, Class::Line | Class::Blank))
            .filter(|token| token.class == Class::Word)
            .take(words)
            .any(|token| token.marks & wanted != 0)
    }

    /// Whether the full stop at `index` ends a sentence: white space follows, and no abbreviation or number is before it.
    pub(super) fn ends_sentence(&self, index: usize) -> bool {
        let spaced = self
            .char_at(self.tokens[index].end)
            .is_none_or(char::is_whitespace);
        let long = self.before(index).is_some_and(|word| {
            word.class != Class::Word
                || self.text[word.start..word.end]
                    .chars()
                    .nth(MAX_ABBREVIATION_CHARS)
                    .is_some()
        });
        spaced && long
    }

    /// The first token that begins at or behind byte `at`.
    pub(super) fn token_at(&self, at: usize) -> usize {
        self.tokens.partition_point(|token| token.start < at)
    }
}

/// Longest word that is looked up.
const MAX_WORD_BYTES: usize = 64;
/// Tokens between a label and what it labels.
const MAX_LABEL_TOKENS: usize = 24;
/// `Tel.`, `Kto.`, `Abt.`, `born.`: a full stop behind a short word may belong to it.
const MAX_ABBREVIATION_CHARS: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq)]
enum CharClass {
    Letter,
    Digit,
    Space,
    Sign,
}

impl CharClass {
    fn of(char: char) -> Self {
        if char.is_ascii_digit() {
            Self::Digit
        } else if char.is_alphabetic() {
            Self::Letter
        } else if char.is_whitespace() {
            Self::Space
        } else {
            Self::Sign
        }
    }
}

/// Combining marks that Unicode does not call alphabetic.
fn is_mark(char: char) -> bool {
    matches!(
        char,
        '\u{300}'..='\u{36f}' | '\u{93c}' | '\u{94d}' | '\u{9cd}' | '\u{200c}' | '\u{200d}'
    )
}

fn case_of(word: &str) -> Case {
    let mut chars = word.chars();
    let Some(first) = chars.next() else {
        return Case::None;
    };
    let first_capital = first.is_uppercase();
    if !first_capital && !first.is_lowercase() {
        return Case::None;
    }
    let (mut capitals, mut small) = (0, 0);
    for char in chars {
        capitals += usize::from(char.is_uppercase());
        small += usize::from(char.is_lowercase());
    }
    match (first_capital, capitals, small) {
        (false, 0, _) => Case::Lower,
        (true, 0, _) => Case::Capital,
        (true, _, 0) => Case::Upper,
        _ => Case::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(&str, Class)> {
        let scan = Scan::new(text);
        let pieces = scan.tokens.iter();
        pieces
            .map(|token| (&text[token.start..token.end], token.class))
            .collect()
    }

    #[test]
    fn words_numbers_and_signs() {
        use Class::{Blank, Line, Number, Sign, Word};
        assert_eq!(
            cut("AB12, né e\u{301}t\n 3.\n\nक्या"),
            [
                ("AB", Word),
                ("12", Number),
                (",", Sign),
                ("né", Word),
                ("e\u{301}t", Word),
                ("\n ", Line),
                ("3", Number),
                (".", Sign),
                ("\n\n", Blank),
                ("क्या", Word)
            ]
        );
        assert!(cut("").is_empty());
    }

    #[test]
    fn case_of_words() {
        for (word, case) in [
            ("anna", Case::Lower),
            ("Anna", Case::Capital),
            ("A", Case::Capital),
            ("NHS", Case::Upper),
            ("McDonald", Case::Mixed),
            ("iPhone", Case::Mixed),
            ("山田", Case::None),
            ("Ángel", Case::Capital),
        ] {
            assert_eq!(case_of(word), case, "{word}");
        }
    }

    #[test]
    fn the_nearest_label_counts() {
        use vocabulary::{BIRTH, NUMBER_LABELS, OTHER_DATE, PHONE, REFERENCE};
        let label = |text: &str, wanted| {
            let scan = Scan::new(text);
            let last = scan.tokens.len() - 1;
            scan.label_before(last, 5, wanted)
                .map(|(_, marks)| marks & wanted)
        };
        assert_eq!(label("order 12, phone 34", NUMBER_LABELS), Some(PHONE));
        assert_eq!(
            label("phone or order no. 34", NUMBER_LABELS),
            Some(REFERENCE)
        );
        assert_eq!(label("phone; 34", NUMBER_LABELS), None);
        assert_eq!(label("My phone broke. 34", NUMBER_LABELS), None);
        assert_eq!(label("Tel. 34", NUMBER_LABELS), Some(PHONE));
        assert_eq!(label("Phone\n34", NUMBER_LABELS), Some(PHONE));
        assert_eq!(label("Phone\n\n34", NUMBER_LABELS), None);
        assert_eq!(
            label("born 1, hired 2", BIRTH | OTHER_DATE),
            Some(OTHER_DATE)
        );
        assert_eq!(label("phone a b c d e 34", NUMBER_LABELS), None);
    }
}
