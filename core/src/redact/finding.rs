//! One find: where, what, how sure, and why. Never the text itself.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Kind;

/// A piece of text that a detector or the user takes for personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// Byte behind the last one: the range is half-open, and both ends lie between characters.
    pub end: usize,
    /// How sure the detector is, of 100. Only finds above a half are reported; the order among finds that overlap is this one.
    pub confidence_percent: u8,
    /// Why.
    pub reason: Reason,
}

impl Finding {
    /// A find of a detector.
    pub(super) fn new(
        kind: Kind,
        range: Range<usize>,
        confidence_percent: u8,
        reason: Reason,
    ) -> Self {
        Self {
            kind,
            start: range.start,
            end: range.end,
            confidence_percent,
            reason,
        }
    }

    /// The bytes that it covers.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Whether it shares a byte with `range`.
    pub fn overlaps(&self, range: &Range<usize>) -> bool {
        self.start < range.end && range.start < self.end
    }
}

/// Why something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(export, rename = "RedactionReason")
)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// Its check digits are right.
    Checksum,
    /// It has the form that a standard or an authority prescribes.
    Structure,
    /// It begins like the keys of a known service.
    KnownPrefix,
    /// A user name with a password, or a parameter that carries a token.
    Credentials,
    /// It looks drawn at random.
    Random,
    /// A word beside it says what it is.
    Label,
    /// It is written as such things usually are.
    Format,
    /// The name is on the list of names.
    NameList,
    /// Greeting, title, signature or the like beside it.
    NameContext,
    /// Part of a name that stands in full elsewhere in the text.
    Repeated,
    /// The user's own list.
    OwnList,
    /// The user marked it in this text.
    Marked,
}

impl Reason {
    /// One line for the user.
    pub fn text(self) -> &'static str {
        match self {
            Self::Checksum => "its check digits are right",
            Self::Structure => "it has the prescribed form",
            Self::KnownPrefix => "it begins like a known kind of key",
            Self::Credentials => "it carries a password or token",
            Self::Random => "it looks like a random key",
            Self::Label => "a word beside it says so",
            Self::Format => "it is written like one",
            Self::NameList => "it is on the list of names",
            Self::NameContext => "it stands where names stand",
            Self::Repeated => "it repeats a name from this text",
            Self::OwnList => "it is on your list",
            Self::Marked => "you marked it",
        }
    }
}
