//! Aadhaar (twelve digits with Verhoeff's check digit) and the Permanent Account Number (PAN) of the tax authority.

use super::{Finding, Reason, Scan, Series, code, finding, grouped, is_other, label};
use crate::redact::checks::is_uniform;
use crate::redact::number::Gap;
use crate::redact::vocabulary::{ID_AADHAAR, ID_PAN};

/// `9999 4105 7058`. One number in ten passes by chance, so the grouping or a label is needed.
///
/// # Source
/// Unique Identification Authority of India, "UID Numbering Scheme" (first digit 2 to 9); Verhoeff 1969, "Error Detecting
/// Decimal Codes".
pub(super) fn find_aadhaar(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    let series = Series::new(scan, index)?;
    let (range, digits) = grouped(scan, &series, &[4, 4, 4], &[Gap::Space, Gap::Hyphen])?;
    let label = label(scan, index);
    let named = label & ID_AADHAAR != 0;
    let near = scan.label_before(index, 16, ID_AADHAAR).is_some();
    // Four groups are a card.
    let alone = !series
        .groups()
        .get(3)
        .is_some_and(|next| next.gap == Gap::Space && next.len() == 4);
    let grouped = near && range.len() > 12 && alone && !is_other(label, ID_AADHAAR);
    ((named || grouped)
        && matches!(digits.as_bytes()[0], b'2'..=b'9')
        && !is_uniform(&digits)
        && verhoeff(&digits))
    .then(|| finding(range, if named { 98 } else { 70 }, Reason::Checksum))
}

/// Whether the last digit checks the others, by the dihedral group of order ten.
fn verhoeff(digits: &str) -> bool {
    /// The permutation that is applied once more at each place.
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let permuted = |digit: u8, times: usize| {
        (0..times % 8).fold(digit, |digit, _| PERMUTATION[usize::from(digit)])
    };
    let multiplied = |one: u8, other: u8| match (one < 5, other < 5) {
        (true, true) => (one + other) % 5,
        (true, false) => (one + other - 5) % 5 + 5,
        (false, true) => (one + 5 - other) % 5 + 5,
        (false, false) => (one + 5 - other) % 5,
    };
    let places = digits.bytes().rev().enumerate();
    places.fold(0, |check, (place, byte)| {
        multiplied(check, permuted(byte - b'0', place))
    }) == 0
}

/// Five letters, four digits, a letter; the fourth letter says what kind of holder: `ABCPE1234F`.
///
/// # Source
/// Income Tax Department, "Know your PAN".
pub(super) fn find_pan(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    let (range, text) = code(scan, index, 10)?;
    let bytes = text.as_bytes();
    let shaped = bytes[..5].iter().all(u8::is_ascii_alphabetic)
        && bytes[5..9].iter().all(u8::is_ascii_digit)
        && bytes[9].is_ascii_alphabetic();
    let label = label(scan, index);
    let named = label & ID_PAN != 0;
    let holder = b"ABCFGHJLPT".contains(&bytes[3]);
    let upper = !scan
        .slice(range.clone())
        .bytes()
        .any(|byte| byte.is_ascii_lowercase());
    (shaped && (named || holder && upper && !is_other(label, ID_PAN)))
        .then(|| finding(range, if named { 96 } else { 80 }, Reason::Structure))
}

#[cfg(test)]
mod tests {
    use super::verhoeff;
    use crate::redact::Kind;
    use crate::redact::test_support::found;

    #[test]
    fn verhoeff_notices_wrong_digits_and_exchanges() {
        // The example of Verhoeff's that is given everywhere, and one for tests from the authority.
        assert!(verhoeff("2363"));
        assert!(verhoeff("999941057058"));
        assert!(!verhoeff("999941057085"));
        let good = "999941057058";
        for at in 0..good.len() {
            for digit in '0'..='9' {
                let mut other = good.to_owned();
                other.replace_range(at..=at, &digit.to_string());
                assert_eq!(verhoeff(&other), other == good, "{other}");
            }
        }
    }

    #[test]
    fn aadhaar() {
        assert_eq!(
            found(
                "My Aadhaar, which I was given last year in the spring, is 9999 4105 7058.",
                Kind::NationalId
            ),
            ["9999 4105 7058"]
        );
        assert_eq!(
            found("Aadhaar: 999941057058", Kind::NationalId),
            ["999941057058"]
        );
        for text in [
            "999941057058",
            "it is 9999 4105 7058",
            "order 9999 4105 7058",
            "9999 4105 7059",
            "9999 4105 7058 1234",
            "Aadhaar 199941057058",
        ] {
            assert!(found(text, Kind::NationalId).is_empty(), "{text}");
        }
    }

    #[test]
    fn permanent_account_numbers() {
        assert_eq!(found("PAN ABCPE1234F", Kind::NationalId), ["ABCPE1234F"]);
        assert_eq!(found("see ABCPE1234F.", Kind::NationalId), ["ABCPE1234F"]);
        for text in [
            "model ABCPE1234F",
            "ABCDE1234F",
            "ABCPE12345",
            "ABCPE1234FZ",
            "abcpe1234f",
        ] {
            assert!(found(text, Kind::NationalId).is_empty(), "{text}");
        }
    }
}
