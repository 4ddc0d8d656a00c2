//! National Insurance numbers (NINO) and numbers of the National Health Service (NHS).

use super::{Finding, Reason, Scan, Series, finding, grouped, is_other, label};
use crate::redact::checks::{is_uniform, weighted};
use crate::redact::number::{Gap, is_apart};
use crate::redact::vocabulary::{ID_NHS, ID_NINO};

/// Two letters, six digits, one letter: `QQ 12 34 56 C`.
///
/// # Source
/// HM Revenue & Customs, National Insurance Manual NIM39110 (letters that are never used, in which place). Its own example
/// begins with QQ, which people copy into forms, so that is taken.
pub(super) fn find_nino(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    const NEVER: [&str; 7] = ["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"];
    let prefix = scan.str(index);
    if prefix.len() != 2 {
        return None;
    }
    let start = scan.get(index)?.start;
    let mut characters = String::with_capacity(9);
    let mut end = start;
    let mut gaps = 0;
    for (at, char) in scan.text[start..].char_indices() {
        match char {
            ' ' | '-' | '\u{a0}' if gaps < 4 && matches!(characters.len(), 2 | 4 | 6 | 8) => {
                gaps += 1
            }
            char if char.is_ascii_alphanumeric() => characters.push(char.to_ascii_uppercase()),
            _ => return None,
        }
        end = start + at + char.len_utf8();
        if characters.len() == 9 {
            break;
        }
    }
    let bytes = characters.as_bytes();
    let [first, second, digits @ .., last] = bytes else {
        return None;
    };
    let known = characters.starts_with("QQ")
        || !b"DFIQUV".contains(first)
            && !b"DFIOQUV".contains(second)
            && !NEVER.contains(&&characters[..2]);
    let good = bytes.len() == 9
        && known
        && first.is_ascii_alphabetic()
        && second.is_ascii_alphabetic()
        && digits.iter().all(u8::is_ascii_digit)
        && matches!(last, b'A'..=b'D');
    let label = label(scan, index);
    let upper = prefix.chars().all(|char| char.is_ascii_uppercase());
    let range = start..end;
    let named = label & ID_NINO != 0;
    (good && (upper || named) && !is_other(label, ID_NINO) && is_apart(scan, &range))
        .then(|| finding(range, if named { 97 } else { 90 }, Reason::Structure))
}

/// Ten digits, the last of which checks the others: `943 476 5919`. Phone numbers look alike, so a label is needed.
///
/// # Source
/// NHS Data Model and Dictionary, "NHS Number" (weights 10 to 2, modulo 11).
pub(super) fn find_nhs(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    if label(scan, index) & ID_NHS == 0 {
        return None;
    }
    let series = Series::new(scan, index)?;
    let (range, digits) = grouped(scan, &series, &[3, 3, 4], &[Gap::Space, Gap::Hyphen])?;
    let check = (11 - weighted(&digits[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    (digits[9..].parse() == Ok(check) && !is_uniform(&digits))
        .then(|| finding(range, 98, Reason::Checksum))
}

#[cfg(test)]
mod tests {
    use crate::redact::Kind;
    use crate::redact::test_support::found;

    #[test]
    fn national_insurance() {
        for number in [
            "QQ 12 34 56 C",
            "AB123456C",
            "JG 10 37 59 A",
            "AB-12-34-56-D",
        ] {
            assert_eq!(found(&format!("NI: {number}."), Kind::NationalId), [number]);
        }
        for text in [
            "BG123456A",
            "AB123456E",
            "DA123456A",
            "AO123456A",
            "AB1234567",
            "AB12345C",
            "XAB123456C",
            "AB123456CD",
            "batch AB123456C",
        ] {
            assert!(found(text, Kind::NationalId).is_empty(), "{text}");
        }
    }

    #[test]
    fn health_service() {
        assert_eq!(
            found("NHS number: 943 476 5919", Kind::NationalId),
            ["943 476 5919"]
        );
        assert_eq!(
            found("NHS no. 9434765919", Kind::NationalId),
            ["9434765919"]
        );
        for text in ["NHS 943 476 5918", "call 943 476 5919", "NHS 000 000 0000"] {
            assert!(found(text, Kind::NationalId).is_empty(), "{text}");
        }
    }
}
