//! The number in the directory of persons (NIR), known as the social security number.

use super::{Finding, Reason, Scan, finding};
use crate::redact::number::is_apart;

/// Thirteen characters and a key of two: sex, year, month, place, order, key.
///
/// # Source
/// INSEE, "Répertoire national d'identification des personnes physiques": key = 97 − number modulo 97; Corsica's 2A and 2B
/// count as 19 and 18; months above 12 where the month is unknown.
pub(super) fn find(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    let start = scan.get(index)?.start;
    let mut digits = String::with_capacity(15);
    let mut end = start;
    for (at, char) in scan.text[start..].char_indices() {
        match char {
            ' ' | '\u{a0}' | '\u{202f}' | '.' | '-'
                if matches!(digits.len(), 1 | 3 | 5 | 7 | 10 | 13) =>
            {
                continue;
            }
            char if char.is_ascii_digit() => digits.push(char),
            'A' | 'a' if digits.len() == 6 && digits.ends_with('2') => {
                digits.replace_range(5.., "19")
            }
            'B' | 'b' if digits.len() == 6 && digits.ends_with('2') => {
                digits.replace_range(5.., "18")
            }
            _ => return None,
        }
        end = start + at + 1;
        if digits.len() == 15 {
            break;
        }
    }
    let month = digits.get(3..5)?.parse::<u32>().ok()?;
    let number = digits.get(..13)?.parse::<u64>().ok()?;
    let key = digits.get(13..15)?.parse::<u64>().ok()?;
    let good = matches!(&digits[..1], "1" | "2" | "3" | "4" | "7" | "8")
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && key == 97 - number % 97;
    let range = start..end;
    (good && is_apart(scan, &range)).then(|| finding(range, 96, Reason::Checksum))
}

#[cfg(test)]
mod tests {
    use crate::redact::Kind;
    use crate::redact::test_support::found;

    #[test]
    fn numbers_with_their_key() {
        for number in [
            "1 85 05 78 006 084 91",
            "185057800608491",
            "2 10 02 2A 004 118 66",
        ] {
            let spaced = found(&format!("NIR : {number}, merci"), Kind::NationalId);
            let key = number.replace(' ', "");
            let value: u64 = key[..13].replace("2A", "19").parse().unwrap();
            let right = key[13..].parse::<u64>().unwrap() == 97 - value % 97;
            assert_eq!(spaced.len(), usize::from(right), "{number}");
        }
        assert_eq!(
            found("185057800608491", Kind::NationalId),
            ["185057800608491"]
        );
        for text in [
            "185057800608492",
            "585057800608491",
            "1850578006084911",
            "1 85057800608491 2",
        ] {
            let numbers = found(text, Kind::NationalId);
            assert!(
                numbers.len() <= usize::from(text.starts_with("1 8")),
                "{text}"
            );
        }
    }
}
