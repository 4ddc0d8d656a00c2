//! Names of persons: by lists of names, and by what stands around names (titles, greetings, signatures, labels, relations).
//!
//! Lists alone find too much, for `Will`, `May` and `Paris` are names too; context alone finds too little. So each word has
//! classes from the lexicon, and the weaker they are the more the context has to say.

mod context;
mod part;
mod sequence;
mod unspaced;

use std::collections::HashSet;

use super::fold::fold;
use super::lexicon::{GIVEN, PROPER, SURNAME, WORD};
use super::scan::Scan;
use super::vocabulary::ORGANISATION;
use super::{Finding, Kind, Reason};
use part::Part;

/// All names of the text.
pub(super) fn find(scan: &Scan<'_>, found: &mut Vec<Finding>) {
    let first = found.len();
    let mut full = HashSet::new();
    let mut index = 0;
    while index < scan.tokens.len() {
        let parts = part::sequence(scan, index);
        if parts.is_empty() {
            if let Some(part) = context::lower_name(scan, index) {
                found.push(finding(&[part], 70, Reason::NameContext));
            }
            index += 1;
            continue;
        }
        let mut at = 0;
        let mut last = 0;
        while at < parts.len() {
            let Some(name) = sequence::name(scan, &parts[at..]) else {
                at += 1;
                continue;
            };
            let words = &parts[at..at + name.len];
            let mut whole = words.to_vec();
            // `Name: MÜLLER, Heidrun`.
            let reversed = at + name.len == parts.len()
                && name.reason == Reason::NameContext
                && words
                    .iter()
                    .all(|part| part.upper || part.is_surname() && !part.is_given());
            if reversed {
                whole.extend(given_behind_comma(scan, words[words.len() - 1].last));
            }
            found.push(finding(&whole, name.confidence_percent, name.reason));
            remember(scan, &whole, &mut full);
            last = whole[whole.len() - 1].last;
            at += name.len;
        }
        index = last.max(parts[parts.len() - 1].last) + 1;
    }
    unspaced::find(scan, found);
    repeated(scan, first, &full, found);
}

/// The given names behind the comma that follows a surname in a form.
fn given_behind_comma(scan: &Scan<'_>, surname: usize) -> Vec<Part> {
    let comma = scan.is_sign(surname + 1, &[',']) && scan.gap(surname).is_empty();
    let given = part::sequence(scan, surname + 2);
    let fits = comma
        && scan.gap(surname + 1) == " "
        && (1..=2).contains(&given.len())
        && given.iter().all(|part| part.is_given() || part.initial);
    if fits { given } else { Vec::new() }
}

fn finding(parts: &[Part], confidence: u8, reason: Reason) -> Finding {
    Finding::new(
        Kind::Person,
        parts[0].start..parts[parts.len() - 1].end,
        confidence,
        reason,
    )
}

/// Notes the words of a name, for those that come back alone.
fn remember(scan: &Scan<'_>, parts: &[Part], full: &mut HashSet<String>) {
    for part in parts {
        let word = fold(scan.slice(part.start..part.end));
        let acronym = part.upper && part.end - part.start <= 5;
        let word_like = part.classes & (WORD | PROPER) != 0 || part.marks & ORGANISATION != 0;
        if !part.initial && !acronym && !word_like && word.chars().count() >= 3 {
            full.insert(word);
        }
    }
}

/// Parts of names that stand in full elsewhere: `Horáčková leads the team`.
fn repeated(scan: &Scan<'_>, first: usize, full: &HashSet<String>, found: &mut Vec<Finding>) {
    if full.is_empty() {
        return;
    }
    let mut known: Vec<(usize, usize)> = found[first..]
        .iter()
        .map(|find| (find.start, find.end))
        .collect();
    known.sort_unstable();
    let mut index = 0;
    while index < scan.tokens.len() {
        let Some(part) = part::part(scan, index) else {
            index += 1;
            continue;
        };
        index = part.last + 1;
        let after = known.partition_point(|&(start, _)| start <= part.start);
        let covered = after > 0 && known[after - 1].1 > part.start;
        if !covered && !part.initial && full.contains(&fold(scan.slice(part.start..part.end))) {
            found.push(finding(&[part], 72, Reason::Repeated));
        }
    }
}

/// Endings of surnames that say so by themselves, folded.
const SURNAME_ENDINGS: &[&str] = &[
    "ski",
    "ska",
    "sky",
    "ckij",
    "czyk",
    "wicz",
    "sson",
    "sen",
    "ovic",
    "evic",
    "enko",
    "escu",
    "idis",
    "poulos",
    "opoulou",
    "akis",
    "shvili",
    "dze",
    "yan",
    "oglu",
    "ova",
    "eva",
    "dottir",
    "stein",
    "mann",
    "berger",
    "meyer",
    "maier",
    "bauer",
    "hauer",
    "huber",
    "inen",
    "nen",
    "nathan",
    "murthy",
    "swamy",
    "ов",
    "ова",
    "ев",
    "ева",
    "ин",
    "ина",
    "скии",
    "ская",
    "енко",
    "чук",
    "ович",
    "евич",
    "овна",
    "евна",
    "ідис",
    "ιδησ",
    "ιδου",
    "οπουλοσ",
    "οπουλου",
    "ακησ",
    "ακη",
];

/// Whether an unknown word ends like a surname.
fn ends_like_surname(folded: &str) -> bool {
    folded.chars().count() >= 6
        && SURNAME_ENDINGS
            .iter()
            .any(|ending| folded.ends_with(ending))
}

/// Classes of a word with hyphens: what its pieces have in common with names.
fn classes_of(scan: &Scan<'_>, tokens: std::ops::Range<usize>) -> u8 {
    let pieces = scan.tokens[tokens]
        .iter()
        .filter(|token| token.class == super::scan::Class::Word);
    let mut all = pieces.map(|token| token.classes);
    let first = all.next().unwrap_or(0);
    all.fold(first, |sum, classes| {
        let name = (sum | classes) & (GIVEN | SURNAME);
        // Two pieces that are words each, `Well-Known`, are no name; a name with a word is.
        let strong = sum & (WORD | PROPER) == 0 && sum != 0
            || classes & (WORD | PROPER) == 0 && classes != 0;
        if strong {
            name
        } else {
            name | (sum | classes) & (WORD | PROPER)
        }
    })
}

#[cfg(test)]
mod tests;
