//! What stands before a street: `Flat 4, `, `Apartment 7, Wharf House, `, `The Old Forge, `.

use super::super::scan::{Class, Scan};
use super::kinds;
use super::place::{is_capital, unit};
use super::street::word;

/// Tokens of one such part.
const MAX_TOKENS: usize = 5;

/// The first token of the address whose street begins at `first`.
pub(super) fn extend(scan: &Scan<'_>, first: usize) -> usize {
    let mut first = first;
    for _ in 0..2 {
        let Some(start) = part(scan, first) else {
            break;
        };
        first = start;
    }
    // `No. 24, 3rd Main Road`, `Plot 118`, `#12`.
    let dot = usize::from(
        first > 0 && scan.is_sign(first - 1, &['.']) && !scan.gap(first - 1).is_empty(),
    );
    if let Some(at) = first.checked_sub(1 + dot) {
        let text = word(scan, at);
        let numbered = matches!(
            text.as_str(),
            "no" | "plot" | "house" | "shop" | "door" | "hno"
        );
        if scan.is_sign(at, &['#']) || numbered && is_capital(scan.tokens[at].case) {
            return at;
        }
    }
    // `Flat 4 118 Harbour Road` without a comma.
    let spaced = first
        .checked_sub(2)
        .filter(|&at| unit(scan, at) == Some(first - 1) && scan.tokens[at].class == Class::Word);
    spaced.unwrap_or(first)
}

/// Where the part before `first` begins, if there is one.
fn part(scan: &Scan<'_>, first: usize) -> Option<usize> {
    let comma = first
        .checked_sub(1)
        .filter(|&at| scan.is_sign(at, &[',']))?;
    let lowest = comma.saturating_sub(MAX_TOKENS);
    // From the farthest token on: the longest part.
    (lowest..comma).find(|&at| {
        let begins = at == 0
            || !matches!(scan.tokens[at - 1].class, Class::Word | Class::Number)
            || !is_capital(scan.tokens[at - 1].case);
        begins
            && (unit(scan, at).is_some_and(|last| last + 1 == comma)
                && scan.tokens[at].class == Class::Word
                || is_house(scan, at, comma))
    })
}

/// Capital words up to the comma, the last of which is a house: `The Old Forge`, `Wharf House`.
fn is_house(scan: &Scan<'_>, at: usize, comma: usize) -> bool {
    let words = &scan.tokens[at..comma];
    words.len() >= 2
        && words
            .iter()
            .all(|token| token.class == Class::Word && is_capital(token.case))
        && (scan.is_kind(comma - 1, kinds::HOUSE) || word(scan, at) == "the")
}
