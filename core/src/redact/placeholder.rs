//! `[PERSON_1]`: what stands in the text that leaves, and which value it stands for.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::Kind;

/// Longest text that can be one, with the signs that a model may add.
const MAX_BYTES: usize = 40;

/// The name of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Placeholder {
    /// What the value is.
    pub kind: Kind,
    /// Which of its kind, from 1.
    pub number: u32,
}

impl fmt::Display for Placeholder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}_{}]", self.kind.placeholder(), self.number)
    }
}

impl Placeholder {
    /// Reads one, also as models write it: in small letters, or with `\_` as in Markdown.
    fn read(text: &str) -> Option<Self> {
        let inner = text
            .strip_prefix('[')?
            .strip_suffix(']')?
            .replace('\\', "")
            .to_ascii_uppercase();
        let (name, number) = inner.rsplit_once('_')?;
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.placeholder() == name)?;
        let written = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| written)?;
        Some(Self { kind, number })
    }
}

/// A piece of a text that is read for placeholders.
pub(super) enum Piece<'p> {
    /// Ordinary text.
    Text(&'p str),
    /// A placeholder, and how it was written.
    Found(Placeholder, &'p str),
}

/// Finds placeholders in a text that comes in pieces.
///
/// An opening bracket always begins anew, whatever was before. Therefore a placeholder that is read in a part of a text is
/// also read in the whole.
#[derive(Default)]
pub(super) struct Reader {
    /// From an opening bracket on.
    pending: String,
}

impl Reader {
    /// Reads `text` and hands out what is decided.
    pub(super) fn push(&mut self, text: &str, mut out: impl FnMut(Piece<'_>)) {
        let mut plain = 0;
        for (at, char) in text.char_indices() {
            let next = at + char.len_utf8();
            if char == '[' {
                self.flush(&text[plain..at], &mut out);
                self.pending.push('[');
                plain = next;
            } else if !self.pending.is_empty() {
                let fits = char.is_ascii_alphanumeric() || matches!(char, '_' | '\\' | ']');
                self.pending.push(char);
                plain = next;
                if char == ']' {
                    if let Some(placeholder) = Placeholder::read(&self.pending) {
                        out(Piece::Found(placeholder, &self.pending));
                        self.pending.clear();
                    } else {
                        self.flush("", &mut out);
                    }
                } else if !fits || self.pending.len() > MAX_BYTES {
                    self.flush("", &mut out);
                }
            }
        }
        if self.pending.is_empty() && plain < text.len() {
            out(Piece::Text(&text[plain..]));
        }
    }

    /// What was waiting, then `text`, as ordinary text.
    fn flush(&mut self, text: &str, out: &mut impl FnMut(Piece<'_>)) {
        if !self.pending.is_empty() {
            out(Piece::Text(&self.pending));
            self.pending.clear();
        }
        if !text.is_empty() {
            out(Piece::Text(text));
        }
    }

    /// The end: what was waiting was no placeholder.
    pub(super) fn finish(mut self, mut out: impl FnMut(Piece<'_>)) {
        self.flush("", &mut out);
    }
}

/// The values of one request. They stay on the device.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Placeholders {
    values: BTreeMap<Placeholder, String>,
    by_value: HashMap<(Kind, String), Placeholder>,
    last: BTreeMap<Kind, u32>,
    /// Already in the texts themselves, so never given out.
    reserved: std::collections::BTreeSet<Placeholder>,
}

impl Placeholders {
    /// Never to give out what `text` already holds.
    pub(super) fn reserve(&mut self, text: &str) {
        let mut reader = Reader::default();
        let mut keep = |piece: Piece<'_>| {
            if let Piece::Found(placeholder, _) = piece {
                self.reserved.insert(placeholder);
            }
        };
        reader.push(text, &mut keep);
        reader.finish(keep);
    }

    /// The placeholder of `value`: the same for the same value of the same kind.
    pub(super) fn of(&mut self, kind: Kind, value: &str) -> Placeholder {
        if let Some(&known) = self.by_value.get(&(kind, value.to_owned())) {
            return known;
        }
        let last = self.last.entry(kind).or_insert(0);
        let placeholder = loop {
            *last += 1;
            let next = Placeholder {
                kind,
                number: *last,
            };
            if !self.reserved.contains(&next) {
                break next;
            }
        };
        self.by_value.insert((kind, value.to_owned()), placeholder);
        self.values.insert(placeholder, value.to_owned());
        placeholder
    }

    /// What `placeholder` stands for.
    pub fn value(&self, placeholder: Placeholder) -> Option<&str> {
        self.values.get(&placeholder).map(String::as_str)
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing was replaced.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many values of each kind there are, for the record: a count says nothing about a value.
    pub fn counts(&self) -> BTreeMap<Kind, u32> {
        let mut counts = BTreeMap::new();
        for placeholder in self.values.keys() {
            *counts.entry(placeholder.kind).or_insert(0) += 1;
        }
        counts
    }
}

impl fmt::Debug for Placeholders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Placeholders")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_what_was_written() {
        for kind in Kind::ALL {
            let placeholder = Placeholder { kind, number: 12 };
            let text = placeholder.to_string();
            assert_eq!(Placeholder::read(&text), Some(placeholder));
            assert_eq!(Placeholder::read(&text.to_lowercase()), Some(placeholder));
            assert_eq!(
                Placeholder::read(&text.replace('_', "\\_")),
                Some(placeholder)
            );
        }
        for text in [
            "PERSON_1",
            "[PERSON_1",
            "[PERSON_01]",
            "[PERSON_0]",
            "[PERSON_]",
            "[PERSONS_1]",
            "[PERSON 1]",
            "[_1]",
            "[PERSON_99999999999]",
            "[]",
        ] {
            assert_eq!(Placeholder::read(text), None, "{text}");
        }
    }

    #[test]
    fn the_same_value_has_the_same_name() {
        let mut placeholders = Placeholders::default();
        placeholders.reserve("an old [PERSON_2] and [person_3]");
        let mut name = |kind, value: &str| placeholders.of(kind, value).to_string();
        assert_eq!(name(Kind::Person, "Anna"), "[PERSON_1]");
        assert_eq!(name(Kind::Person, "Ben"), "[PERSON_4]");
        assert_eq!(name(Kind::Person, "Anna"), "[PERSON_1]");
        assert_eq!(name(Kind::Email, "Anna"), "[EMAIL_1]");
        assert_eq!(
            placeholders.counts(),
            BTreeMap::from([(Kind::Email, 1), (Kind::Person, 2)])
        );
        assert!(!format!("{placeholders:?}").contains("Anna"));
    }
}
