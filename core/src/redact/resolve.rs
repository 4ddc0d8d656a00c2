//! Finds that overlap: which of them stay.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Finding, Kind, Reason};

/// The finds without overlaps, in the order of the text.
///
/// The more a kind's detector checks, the earlier it chooses; of one kind the longer find does. What is left of a name or
/// an address beside an earlier find stays one: **a find never uncovers a part of another**.
pub(super) fn resolve(text: &str, mut found: Vec<Finding>) -> Vec<Finding> {
    found.retain(|finding| finding.start < finding.end);
    found.sort_by_key(|finding| {
        (
            rank(finding),
            std::cmp::Reverse(finding.end - finding.start),
            finding.start,
        )
    });
    let mut taken: BTreeMap<usize, Finding> = BTreeMap::new();
    for finding in found {
        for piece in free(&taken, finding.range()) {
            let whole = piece == finding.range();
            let kept = whole
                || can_be_cut(finding.kind)
                    && text[piece.clone()]
                        .chars()
                        .filter(|char| char.is_alphanumeric())
                        .count()
                        >= 2;
            if !kept {
                continue;
            }
            let piece = if whole { piece } else { trimmed(text, piece) };
            taken.insert(
                piece.start,
                Finding {
                    start: piece.start,
                    end: piece.end,
                    ..finding.clone()
                },
            );
        }
    }
    taken.into_values().collect()
}

/// Smaller chooses earlier.
fn rank(finding: &Finding) -> u8 {
    match (finding.reason, finding.kind) {
        (Reason::Marked, _) => 0,
        (_, Kind::UrlCredential) => 1,
        (Reason::KnownPrefix | Reason::Structure | Reason::Label, Kind::Secret) => 2,
        (_, Kind::Email) => 3,
        (_, Kind::Iban) => 4,
        (_, Kind::Card) => 5,
        (_, Kind::NationalId) => 6,
        (_, Kind::Mac) => 7,
        (_, Kind::Ip) => 8,
        (_, Kind::BirthDate) => 9,
        (_, Kind::Address) => 10,
        (_, Kind::Phone) => 11,
        (_, Kind::Secret) => 12,
        (Reason::OwnList, _) => 13,
        (_, Kind::Person | Kind::Other) => 14,
    }
}

/// Words that are left of them still say something; half a number says nothing.
fn can_be_cut(kind: Kind) -> bool {
    matches!(kind, Kind::Person | Kind::Address | Kind::Other)
}

/// The pieces of `range` that no taken find covers.
fn free(taken: &BTreeMap<usize, Finding>, range: Range<usize>) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut from = range.start;
    let before = taken
        .range(..range.start)
        .next_back()
        .map(|(_, finding)| finding.range());
    let inside = taken
        .range(range.clone())
        .map(|(_, finding)| finding.range());
    for covered in before.into_iter().chain(inside) {
        if covered.end <= from {
            continue;
        }
        if covered.start > from {
            pieces.push(from..covered.start);
        }
        from = covered.end;
    }
    if from < range.end {
        pieces.push(from..range.end);
    }
    pieces
}

/// `piece` without white space and commas at its ends.
fn trimmed(text: &str, piece: Range<usize>) -> Range<usize> {
    let is_edge = |char: char| char.is_whitespace() || matches!(char, ',' | ';' | ':');
    let inner = text[piece.clone()].trim_start_matches(is_edge);
    let start = piece.end - inner.len();
    start..start + inner.trim_end_matches(is_edge).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(kind: Kind, range: Range<usize>, reason: Reason) -> Finding {
        Finding::new(kind, range, 80, reason)
    }

    #[test]
    fn the_better_checked_and_the_longer_stay() {
        let text = "Anna Baker Street 5, Leeds";
        let person = finding(Kind::Person, 0..10, Reason::NameList);
        let address = finding(Kind::Address, 5..26, Reason::Format);
        let phone = finding(Kind::Phone, 18..19, Reason::Format);
        let resolved = resolve(text, vec![person, phone, address]);
        let pieces: Vec<_> = resolved
            .iter()
            .map(|find| (find.kind, &text[find.range()]))
            .collect();
        assert_eq!(
            pieces,
            [
                (Kind::Person, "Anna"),
                (Kind::Address, "Baker Street 5, Leeds")
            ]
        );
    }

    #[test]
    fn the_user_s_mark_stays_whole() {
        let text = "Anna Baker";
        let resolved = resolve(
            text,
            vec![
                finding(Kind::Person, 0..10, Reason::NameList),
                finding(Kind::Other, 2..7, Reason::Marked),
            ],
        );
        let pieces: Vec<_> = resolved.iter().map(|find| &text[find.range()]).collect();
        assert_eq!(pieces, ["An", "na Ba", "ker"]);
    }
}
