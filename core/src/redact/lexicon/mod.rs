//! Which words are given names, surnames, ordinary words, or proper nouns of something else.
//!
//! `words.txt` is written by `tools/names/make.py` from lists whose licences allow it; its README says which. One word a
//! line, sorted by bytes, each followed by one character of `@` to `O`: 64 plus the set of [`Classes`].

use std::cmp::Ordering;

/// What a word may be, one bit each.
pub(super) type Classes = u8;

/// A given name.
pub(super) const GIVEN: Classes = 1;
/// A surname.
pub(super) const SURNAME: Classes = 2;
/// An ordinary word, usually written in lower case.
pub(super) const WORD: Classes = 4;
/// A proper noun that is no person: a place, a month, a company.
pub(super) const PROPER: Classes = 8;

static WORDS: &str = include_str!("words.txt");

/// What `folded` may be; nothing if it is not in the list.
pub(super) fn classes(folded: &str) -> Classes {
    let bytes = WORDS.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = bytes[low..middle]
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(low, |at| low + at + 1);
        let end = bytes[middle..high]
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(high, |at| middle + at);
        // The last byte is the class.
        match bytes[start..end - 1].cmp(folded.as_bytes()) {
            Ordering::Equal => return bytes[end - 1] - b'@',
            Ordering::Less => low = (end + 1).min(high),
            Ordering::Greater => high = start,
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_and_nothing_else() {
        let mut last = "";
        for line in WORDS.lines() {
            let (word, class) = line.split_at(line.len() - 1);
            assert!(last.as_bytes() < word.as_bytes(), "{word} is not in order");
            assert_eq!(classes(word), class.as_bytes()[0] - b'@', "{word}");
            last = word;
        }
        for word in ["", "a!", "zzzzz", "ann_a", "\n"] {
            assert_eq!(classes(word), 0, "{word}");
        }
    }

    #[test]
    fn classes_are_as_one_expects() {
        assert_eq!(classes("anna") & (GIVEN | WORD | PROPER), GIVEN);
        assert_eq!(classes("will") & (GIVEN | WORD), GIVEN | WORD);
        assert_eq!(classes("paris") & PROPER, PROPER);
        assert_eq!(classes("schmidt") & (SURNAME | WORD), SURNAME);
        assert_eq!(classes("invoice"), WORD);
        assert_eq!(classes("google") & PROPER, PROPER);
    }
}
