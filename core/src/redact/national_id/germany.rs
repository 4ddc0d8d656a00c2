//! The tax number of a person (Steuer-ID) and the number of an identity card (Personalausweis).

use super::{Finding, Reason, Scan, Series, code, finding, grouped, is_other, label};
use crate::redact::number::Gap;
use crate::redact::vocabulary::{ID_DE_CARD, ID_DE_TAX};

/// Eleven digits: `86 095 742 719`.
///
/// # Source
/// Bundeszentralamt für Steuern, "Steuerliche Identifikationsnummer": of the first ten digits one occurs two or three times
/// and the others once; the eleventh checks them (ISO 7064, MOD 11,10). Numbers for tests begin with 0.
pub(super) fn find_tax(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    let series = Series::new(scan, index)?;
    let (range, digits) = grouped(scan, &series, &[2, 3, 3, 3], &[Gap::Space])?;
    let label = label(scan, index);
    let named = label & ID_DE_TAX != 0;
    // One number in some forty passes by chance.
    let grouped = range.len() > 11;
    ((named || grouped && !is_other(label, ID_DE_TAX)) && is_tax_number(&digits))
        .then(|| finding(range, if named { 98 } else { 85 }, Reason::Checksum))
}

fn is_tax_number(digits: &str) -> bool {
    let mut counts = [0; 10];
    let mut product = 10;
    for byte in digits[..10].bytes() {
        let digit = usize::from(byte - b'0');
        counts[digit] += 1;
        let sum = (digit + product) % 10;
        product = if sum == 0 { 10 } else { sum } * 2 % 11;
    }
    let repeated: Vec<_> = counts.into_iter().filter(|&count| count > 1).collect();
    digits[10..].parse() == Ok((11 - product) % 10) && matches!(repeated[..], [2 | 3])
}

/// Nine letters and digits, with or without the check digit: `L01X00T47`, `T220001293`.
///
/// # Source
/// ICAO Doc 9303, part 3, 4.9 (weights 7, 3, 1); Bundesministerium des Innern, the letters that serial numbers are made of:
/// no vowels and none that look like digits.
pub(super) fn find_card(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    if label(scan, index) & ID_DE_CARD == 0 {
        return None;
    }
    let is_serial = |text: &str| {
        let mut bytes = text.bytes();
        bytes
            .next()
            .is_some_and(|first| b"CFGHJKLMNPRTVWXYZ".contains(&first))
            && bytes.all(|byte| byte.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(&byte))
            && text.bytes().any(|byte| byte.is_ascii_digit())
    };
    if let Some((range, text)) = code(scan, index, 10) {
        let values = text[..9].chars().filter_map(|char| char.to_digit(36));
        let sum: u32 = values
            .zip([7, 3, 1].into_iter().cycle())
            .map(|(value, weight)| value * weight)
            .sum();
        return (is_serial(&text[..9]) && text[9..].parse() == Ok(sum % 10))
            .then(|| finding(range, 97, Reason::Checksum));
    }
    let (range, text) = code(scan, index, 9)?;
    is_serial(&text).then(|| finding(range, 85, Reason::Label))
}

#[cfg(test)]
mod tests {
    use super::is_tax_number;
    use crate::redact::Kind;
    use crate::redact::test_support::found;

    #[test]
    fn tax_numbers() {
        // Examples of the authority.
        assert!(is_tax_number("86095742719"));
        assert!(is_tax_number("65929970489"));
        // Two digits that occur twice; a wrong check digit.
        assert!(!is_tax_number("11223456780"));
        assert!(!is_tax_number("86095742718"));
        assert_eq!(
            found("Meine Steuer-ID: 86 095 742 719", Kind::NationalId),
            ["86 095 742 719"]
        );
        assert_eq!(
            found("IdNr. 86095742719", Kind::NationalId),
            ["86095742719"]
        );
        assert!(found("Vertrag 86095742719", Kind::NationalId).is_empty());
    }

    #[test]
    fn identity_cards() {
        assert_eq!(
            found("Personalausweis T220001293", Kind::NationalId),
            ["T220001293"]
        );
        assert_eq!(
            found("Ausweis-Nr.: L01X00T47", Kind::NationalId),
            ["L01X00T47"]
        );
        for text in [
            "Personalausweis T220001294",
            "Serie T22000129",
            "Ausweis LEBENSMUT",
            "Ausweis A01X00T47",
        ] {
            assert!(found(text, Kind::NationalId).is_empty(), "{text}");
        }
    }
}
