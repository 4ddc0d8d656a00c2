//! Burgerservicenummer (BSN): nine digits that pass the test of eleven. One number in eleven does, so a label is needed.

use super::{Finding, Reason, Scan, Series, finding, grouped, label};
use crate::redact::checks::{is_uniform, weighted};
use crate::redact::number::Gap;
use crate::redact::vocabulary::ID_NL;

/// `111222333`, `1112.22.333`.
///
/// # Source
/// Rijksdienst voor Identiteitsgegevens, "Logisch Ontwerp BSN": weights 9 to 2 and −1, modulo 11.
pub(super) fn find(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    if label(scan, index) & ID_NL == 0 {
        return None;
    }
    let series = Series::new(scan, index)?;
    let gaps = [Gap::Space, Gap::Dot, Gap::Hyphen];
    let (range, digits) = series
        .shaped(scan, &[4, 2, 3], &gaps)
        .or_else(|| grouped(scan, &series, &[3, 3, 3], &gaps))?;
    // −1 is 10 modulo 11.
    let sum = weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2, 10]);
    (sum.is_multiple_of(11) && !is_uniform(&digits)).then(|| finding(range, 98, Reason::Checksum))
}

#[cfg(test)]
mod tests {
    use crate::redact::Kind;
    use crate::redact::test_support::found;

    #[test]
    fn a_label_and_the_test_of_eleven() {
        for number in ["111222333", "123456782", "1112.22.333", "111 222 333"] {
            assert_eq!(found(&format!("BSN: {number}"), Kind::NationalId), [number]);
        }
        for text in [
            "BSN 111222334",
            "klantnummer 111222333",
            "BSN 000000000",
            "111222333",
        ] {
            assert!(found(text, Kind::NationalId).is_empty(), "{text}");
        }
    }
}
