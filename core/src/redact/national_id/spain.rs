//! Identity numbers of citizens (DNI) and foreigners (NIE), each with its letter.

use super::{Finding, Reason, Scan, Series, finding, is_other, label};
use crate::redact::number::is_apart;
use crate::redact::scan::Class;
use crate::redact::vocabulary::ID_ES;

/// Letter of each remainder of 23 (Ministerio del Interior, "Cálculo del dígito de control del NIF/NIE").
const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Eight digits and a letter: `12345678Z`, `12.345.678-Z`.
pub(super) fn find_dni(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    let series = Series::new(scan, index)?;
    let groups = match series.groups() {
        [one, ..] if one.len() == 8 => &series.groups()[..1],
        [two, three, four, ..] if (two.len(), three.len(), four.len()) == (2, 3, 3) => {
            &series.groups()[..3]
        }
        _ => return None,
    };
    let digits = series.digits(groups);
    let last = groups[groups.len() - 1];
    with_letter(
        scan,
        index,
        groups[0].start,
        last.token,
        digits.parse().ok()?,
    )
}

/// X, Y or Z, seven digits and a letter: `X1234567L`.
pub(super) fn find_nie(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    let leading = match scan.str(index) {
        "X" | "x" => 0,
        "Y" | "y" => 1,
        "Z" | "z" => 2,
        _ => return None,
    };
    let hyphen = usize::from(scan.is_sign(index + 1, &['-']));
    let number = index + 1 + hyphen;
    let digits = scan.str(number);
    let touches = scan.get(number)?.start - scan.get(index)?.end == hyphen;
    (touches && digits.len() == 7 && scan.get(number)?.class == Class::Number)
        .then(|| {
            with_letter(
                scan,
                index,
                scan.tokens[index].start,
                number,
                leading * 10_000_000 + digits.parse::<u32>().ok()?,
            )
        })
        .flatten()
}

/// The find, if the right letter stands behind the number token.
fn with_letter(
    scan: &Scan<'_>,
    index: usize,
    start: usize,
    number: usize,
    value: u32,
) -> Option<Finding> {
    let hyphen = usize::from(scan.is_sign(number + 1, &['-']));
    let letter = scan.get(number + 1 + hyphen)?;
    let text = scan.str(number + 1 + hyphen).to_ascii_uppercase();
    let spaced = letter.start - scan.tokens[number].end - hyphen;
    let label = label(scan, index);
    let named = label & ID_ES != 0;
    let good = text.as_bytes() == [LETTERS[(value % 23) as usize]]
        && (spaced == 0 || named && spaced == 1);
    let range = start..letter.end;
    (good && !is_other(label, ID_ES) && is_apart(scan, &range))
        .then(|| finding(range, if named { 98 } else { 88 }, Reason::Checksum))
}

#[cfg(test)]
mod tests {
    use crate::redact::Kind;
    use crate::redact::test_support::found;

    #[test]
    fn the_letter_checks_the_number() {
        for number in [
            "12345678Z",
            "12.345.678-Z",
            "12345678-Z",
            "X1234567L",
            "x-1234567-l",
            "Y1234567X",
        ] {
            assert_eq!(
                found(&format!("con DNI {number}, vecino"), Kind::NationalId),
                [number]
            );
        }
        for text in [
            "12345678A",
            "X1234567A",
            "112345678Z",
            "12345678ZA",
            "lote 12345678Z",
            "A1234567L",
            "12345678 Z",
        ] {
            assert!(found(text, Kind::NationalId).is_empty(), "{text}");
        }
    }
}
