//! Social security numbers (SSN) and individual taxpayer numbers (ITIN). They have no check digits, so the form counts.

use super::{Finding, Reason, Scan, Series, finding, is_other, label, plain};
use crate::redact::number::Gap;
use crate::redact::vocabulary::ID_US;

/// `123-45-6789`, or nine digits behind a label.
pub(super) fn find(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    let series = Series::new(scan, index)?;
    let label = label(scan, index);
    let named = label & ID_US != 0;
    let (range, digits) = series
        .shaped(scan, &[3, 2, 4], &[Gap::Hyphen])
        .filter(|_| !is_other(label, ID_US))
        .or_else(|| {
            let loose = series.shaped(scan, &[3, 2, 4], &[Gap::Space, Gap::Dot]);
            loose.or_else(|| plain(scan, &series, 9)).filter(|_| named)
        })?;
    let reason = if named {
        Reason::Label
    } else {
        Reason::Structure
    };
    is_assigned(&digits).then(|| finding(range, if named { 97 } else { 88 }, reason))
}

/// Whether a number of that form is given out.
///
/// # Source
/// Social Security Administration, "Social Security Number Randomization" (areas 000, 666 and 900 to 999, group 00 and
/// serial 0000 are never assigned); Internal Revenue Service, Internal Revenue Manual 3.21.263.5.3 (groups of an ITIN).
fn is_assigned(digits: &str) -> bool {
    let part = |range: std::ops::Range<usize>| digits[range].parse::<u32>().unwrap_or(0);
    let (area, group, serial) = (part(0..3), part(3..5), part(5..9));
    match area {
        0 | 666 => false,
        900.. => matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99),
        _ => group != 0 && serial != 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::redact::Kind;
    use crate::redact::test_support::found;

    #[test]
    fn social_security_and_taxpayer_numbers() {
        for (text, number) in [
            ("SSN 078-05-1120.", "078-05-1120"),
            ("it is 219-09-9999, she said", "219-09-9999"),
            ("ITIN 912-70-1234", "912-70-1234"),
            ("social security number is 219099999", "219099999"),
            ("SSN: 219 09 9999", "219 09 9999"),
        ] {
            assert_eq!(found(text, Kind::NationalId), [number], "{text}");
        }
    }

    #[test]
    fn what_is_never_assigned() {
        for text in [
            "000-12-3456",
            "666-45-1234",
            "900-12-3456",
            "401-00-1234",
            "401-12-0000",
            "219099999",
            "order 219-09-9999",
            "2219-09-9999",
            "219-09-99991",
        ] {
            assert!(found(text, Kind::NationalId).is_empty(), "{text}");
        }
    }
}
