//! Payment cards: the ranges and lengths of the networks, and Luhn's check digit.

use super::checks::{is_uniform, luhn};
use super::number::{Gap, Series, is_apart};
use super::scan::Scan;
use super::vocabulary::{CARD, NUMBER_LABELS, REFERENCE};
use super::{Finding, Kind, Reason};

/// How the networks print the groups of each length.
const GROUPINGS: &[&[usize]] = &[
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 4],
    &[6, 13],
    &[8, 8],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 3],
    &[4, 4, 4, 2],
    &[4, 4, 4, 1],
    &[4, 3, 3, 3],
];

/// Cards that begin at the token `index`.
pub(super) fn find(scan: &Scan<'_>, index: usize, found: &mut Vec<Finding>) {
    let Some(series) = Series::new(scan, index) else {
        return;
    };
    let first = series.groups()[0];
    let grouped = GROUPINGS
        .iter()
        .find_map(|lengths| series.shaped(scan, lengths, &[Gap::Space, Gap::Hyphen]));
    let plain = || {
        let range = first.start..first.end;
        ((12..=19).contains(&first.len()) && is_apart(scan, &range))
            .then(|| (range, series.digits(&[first])))
    };
    let Some((range, digits)) = grouped.or_else(plain) else {
        return;
    };
    if !is_card(&digits) {
        return;
    }
    let label = scan
        .label_before(index, 4, NUMBER_LABELS)
        .map_or(0, |(_, marks)| marks);
    // One in ten numbers has the right check digit by chance, so a number of something else needs no other sign.
    if label & REFERENCE != 0 && label & CARD == 0 {
        return;
    }
    found.push(Finding::new(Kind::Card, range, 96, Reason::Checksum));
}

/// Whether a network issues cards of that length in that range, and the check digit is right.
fn is_card(digits: &str) -> bool {
    let prefix = |len: usize| digits[..len].parse::<u32>().unwrap_or(0);
    let len = digits.len();
    // Ranges: the networks' public lists, as of 2025.
    let issued = match prefix(4) {
        // American Express.
        3400..=3499 | 3700..=3799 => len == 15,
        // Diners Club.
        3000..=3059 | 3095..=3095 | 3600..=3699 | 3800..=3999 => (14..=19).contains(&len),
        // JCB.
        3528..=3589 => (16..=19).contains(&len),
        // Visa.
        4000..=4999 => matches!(len, 13 | 16 | 19),
        // Mastercard.
        5100..=5599 | 2221..=2720 => len == 16,
        // Mir.
        2200..=2204 => (16..=19).contains(&len),
        // Discover, UnionPay, RuPay.
        6011 | 6440..=6599 | 6200..=6299 | 8100..=8171 | 6080..=6082 => (16..=19).contains(&len),
        // Maestro, with its many lengths.
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 | 6799 => (12..=19).contains(&len),
        // Troy, Elo, Hipercard.
        9792 | 6362 | 6363 | 5067 | 6062 => len == 16,
        _ => false,
    };
    issued && !is_uniform(digits) && luhn(digits)
}

#[cfg(test)]
mod tests {
    use super::super::test_support::found;
    use super::*;

    #[test]
    fn cards_of_each_network() {
        // Test numbers that the networks and their processors publish.
        for card in [
            "4111 1111 1111 1111",
            "4242424242424242",
            "4222222222222",
            "5555-5555-5555-4444",
            "2223003122003222",
            "3782 822463 10005",
            "6011000990139424",
            "3056 930902 5904",
            "3530111333300000",
            "6200000000000005",
            "6205500000000000004",
            "6759 6498 2643 8453",
        ] {
            let text = format!("Paid with {card}, thank you");
            assert_eq!(found(&text, Kind::Card), [card], "{card}");
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for text in [
            "4111 1111 1111 1112",
            "order 4242424242424242",
            "IMEI 356938035643809",
            "44242424242424242421",
            "4242-42424242-4242",
            "x4242424242424242",
            "0000 0000 0000 0000",
            "1234567812345670",
        ] {
            assert!(found(text, Kind::Card).is_empty(), "{text}");
        }
    }

    #[test]
    fn an_expiry_date_may_follow() {
        assert_eq!(
            found("4242 4242 4242 4242 04/28 123", Kind::Card),
            ["4242 4242 4242 4242"]
        );
    }
}
