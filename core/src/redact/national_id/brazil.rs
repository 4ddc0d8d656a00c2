//! CPF of persons (eleven digits) and CNPJ of companies (fourteen), each with two check digits.

use super::{Finding, Reason, Scan, Series, code, finding, is_other, label, plain};
use crate::redact::checks::is_uniform;
use crate::redact::number::{Gap, Group, is_apart};
use crate::redact::vocabulary::ID_BR;

/// Weights of the twelve and thirteen characters that the check digits of a CNPJ are made from, last ones first.
const COMPANY_WEIGHTS: [u32; 13] = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6];
/// Those of a CPF.
const PERSON_WEIGHTS: [u32; 10] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/// `123.456.789-09`, `12.345.678/0001-95`, or the plain digits behind a label.
///
/// # Source
/// Receita Federal, Instrução Normativa RFB 2172/2024 and 2229/2024 (CNPJ with letters, each worth its code minus 48).
pub(super) fn find(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    let series = Series::new(scan, index)?;
    let label = label(scan, index);
    let named = label & ID_BR != 0;
    let shaped = shaped(
        scan,
        &series,
        &[
            (3, Gap::Start),
            (3, Gap::Dot),
            (3, Gap::Dot),
            (2, Gap::Hyphen),
        ],
    )
    .or_else(|| {
        shaped(
            scan,
            &series,
            &[
                (2, Gap::Start),
                (3, Gap::Dot),
                (3, Gap::Dot),
                (4, Gap::Slash),
                (2, Gap::Hyphen),
            ],
        )
    })
    .filter(|_| !is_other(label, ID_BR));
    let (range, digits) = shaped.or_else(|| {
        let plain = plain(scan, &series, 11).or_else(|| plain(scan, &series, 14));
        plain.filter(|_| named)
    })?;
    let weights: &[u32] = if digits.len() == 11 {
        &PERSON_WEIGHTS
    } else {
        &COMPANY_WEIGHTS
    };
    (has_check_digits(&digits, weights) && !is_uniform(&digits))
        .then(|| finding(range, 98, Reason::Checksum))
}

/// A CNPJ of the new kind that begins with letters or has some: `12.ABC.345/01DE-35`, `AB12CD340001..`.
pub(super) fn find_company_with_letters(scan: &Scan<'_>, index: usize) -> Option<Finding> {
    if label(scan, index) & ID_BR == 0 {
        return None;
    }
    // It may begin with the digits before the first letters.
    let index = match scan.before(index) {
        Some(token)
            if scan.text[token.start..scan.tokens[index].start].len() <= 3
                && token.end - token.start <= 2 =>
        {
            index - 1
        }
        _ => index,
    };
    let index = if scan.is_sign(index, &['.']) {
        index.checked_sub(1)?
    } else {
        index
    };
    let start = scan.get(index)?.start;
    let text = scan.text.get(start..start + 18).filter(|text| {
        let signs = [
            text.as_bytes()[2],
            text.as_bytes()[6],
            text.as_bytes()[10],
            text.as_bytes()[15],
        ];
        signs == *b"../-"
    });
    let (range, characters) = match text {
        Some(text) => (
            start..start + 18,
            text.replace(['.', '/', '-'], "").to_ascii_uppercase(),
        ),
        None => code(scan, index, 14)?,
    };
    let good = characters.len() == 14
        && characters.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && is_apart(scan, &range)
        && has_check_digits(&characters, &COMPANY_WEIGHTS);
    good.then(|| finding(range, 98, Reason::Checksum))
}

fn shaped(
    scan: &Scan<'_>,
    series: &Series<'_>,
    shape: &[(usize, Gap)],
) -> Option<(std::ops::Range<usize>, String)> {
    let groups: &[Group] = series.take(shape.len())?;
    let same = groups
        .iter()
        .zip(shape)
        .all(|(group, &(len, gap))| group.len() == len && group.gap == gap);
    let range = groups[0].start..groups[groups.len() - 1].end;
    (same && is_apart(scan, &range)).then(|| (range, series.digits(groups)))
}

/// Whether the last two characters check those before, with the weights from the last one back.
fn has_check_digits(characters: &str, weights: &[u32]) -> bool {
    let bytes = characters.as_bytes();
    [bytes.len() - 2, bytes.len() - 1].into_iter().all(|place| {
        let values = bytes[..place]
            .iter()
            .rev()
            .map(|byte| u32::from(byte - b'0'));
        let sum: u32 = values
            .zip(weights)
            .map(|(value, weight)| value * weight)
            .sum();
        let check = if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
        u32::from(bytes[place].wrapping_sub(b'0')) == check
    })
}

#[cfg(test)]
mod tests {
    use crate::redact::Kind;
    use crate::redact::test_support::found;

    #[test]
    fn persons_and_companies() {
        for (text, number) in [
            ("CPF: 123.456.789-09", "123.456.789-09"),
            ("titular 111.444.777-35.", "111.444.777-35"),
            ("CPF 11144477735", "11144477735"),
            ("CNPJ 11.222.333/0001-81", "11.222.333/0001-81"),
            ("CNPJ: 11222333000181", "11222333000181"),
            // The authority's example of a number with letters.
            ("CNPJ 12.ABC.345/01DE-35", "12.ABC.345/01DE-35"),
            ("CNPJ 12ABC34501DE35", "12ABC34501DE35"),
        ] {
            assert_eq!(found(text, Kind::NationalId), [number], "{text}");
        }
    }

    #[test]
    fn other_numbers() {
        for text in [
            "CPF 123.456.789-10",
            "CPF 111.111.111-11",
            "11144477735",
            "protocolo 123.456.789-09",
            "CNPJ 12.ABC.345/01DE-36",
        ] {
            assert!(found(text, Kind::NationalId).is_empty(), "{text}");
        }
    }
}
