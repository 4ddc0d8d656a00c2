//! Codice fiscale: sixteen characters from name, birth and birthplace, the last of which checks the others.

use super::{Finding, Reason, Scan, code, finding};

/// Value of a character in an odd place, digits first.
const ODD: [u32; 36] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6,
    8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/// Digits and the letters that replace them where two people would have the same code.
const DIGITS: &[u8] = b"0123456789LMNPQRSTUV";

/// `RSSMRA85T10A562S`.
///
/// # Source
/// Decreto del Ministro delle Finanze 23 December 1976, n. 13813: places, letters of months, check character.
pub(super) fn find(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    let (range, text) = code(scan, index, 16)?;
    let bytes = text.as_bytes();
    let digit = |at: usize| DIGITS.contains(&bytes[at]);
    let letter = |at: usize| bytes[at].is_ascii_alphabetic();
    let shaped = (0..6).all(letter)
        && [6, 7, 9, 10, 12, 13, 14].into_iter().all(digit)
        && b"ABCDEHLMPRST".contains(&bytes[8])
        && letter(11)
        && letter(15);
    let sum: u32 = text[..15]
        .chars()
        .filter_map(|char| char.to_digit(36))
        .enumerate()
        .map(|(at, value)| match (at % 2, value) {
            (0, value) => ODD[value as usize],
            (_, value) if value > 9 => value - 10,
            (_, value) => value,
        })
        .sum();
    let check = char::from(b'A' + (sum % 26) as u8);
    (shaped && text.ends_with(check)).then(|| finding(range, 99, Reason::Checksum))
}

#[cfg(test)]
mod tests {
    use crate::redact::Kind;
    use crate::redact::test_support::found;

    #[test]
    fn codes_with_their_check_character() {
        for code in ["RSSMRA85T10A562S", "rssmra85t10a562s"] {
            assert_eq!(found(&format!("C.F. {code}."), Kind::NationalId), [code]);
        }
        for text in [
            "RSSMRA85T10A562T",
            "RSSMRA85F10A562S",
            "RSSMRA85T10A562SX",
            "ABCDEFGHIJKLMNOP",
        ] {
            assert!(found(text, Kind::NationalId).is_empty(), "{text}");
        }
    }
}
