//! Identity numbers that states give out, one file a country, each with its check digits or its prescribed form.
//!
//! A number with strong check digits or a telling form is found anywhere. Where one number in ten would pass by chance, a
//! word beside it has to say what it is.

mod brazil;
mod france;
mod germany;
mod india;
mod italy;
mod netherlands;
mod spain;
mod united_kingdom;
mod united_states;

use std::ops::Range;

use super::number::{Gap, Series, is_apart};
use super::scan::{Class, Scan};
use super::vocabulary::{Marks, NUMBER_LABELS, REFERENCE};
use super::{Finding, Kind, Reason};

/// Numbers that begin at the token `index`.
pub(super) fn find(scan: &Scan<'_>, index: usize, found: &mut Vec<Finding>) {
    let Some(token) = scan.get(index) else { return };
    let candidates = match token.class {
        Class::Number => [
            united_states::find,
            united_kingdom::find_nhs,
            germany::find_tax,
            france::find,
            spain::find_dni,
            netherlands::find,
            india::find_aadhaar,
            brazil::find,
        ]
        .as_slice(),
        Class::Word => [
            united_kingdom::find_nino,
            germany::find_card,
            spain::find_nie,
            italy::find,
            india::find_pan,
            brazil::find_company_with_letters,
        ]
        .as_slice(),
        _ => return,
    };
    found.extend(candidates.iter().filter_map(|find| find(scan, index)));
}

fn finding(range: Range<usize>, confidence_percent: u8, reason: Reason) -> Finding {
    Finding::new(Kind::NationalId, range, confidence_percent, reason)
}

/// What the words before the token `index` say that the number is.
fn label(scan: &Scan<'_>, index: usize) -> Marks {
    scan.label_before(index, 6, NUMBER_LABELS)
        .map_or(0, |(_, marks)| marks)
}

/// Whether the label says that it is a number of something else, and none of `wanted`.
fn is_other(label: Marks, wanted: Marks) -> bool {
    label & REFERENCE != 0 && label & wanted == 0
}

/// One group of `len` digits that stands alone.
fn plain(scan: &Scan<'_>, series: &Series<'_>, len: usize) -> Option<(Range<usize>, String)> {
    series.shaped(scan, &[len], &[])
}

/// Groups of `lengths` with the same gap between, or one group of as many digits.
fn grouped(
    scan: &Scan<'_>,
    series: &Series<'_>,
    lengths: &[usize],
    gaps: &[Gap],
) -> Option<(Range<usize>, String)> {
    series
        .shaped(scan, lengths, gaps)
        .or_else(|| plain(scan, series, lengths.iter().sum()))
}

/// `len` letters and digits from the beginning of the token `index`, with nothing between and nothing around; in upper case.
fn code(scan: &Scan<'_>, index: usize, len: usize) -> Option<(Range<usize>, String)> {
    let start = scan.get(index)?.start;
    let range = start..start + len;
    let text = scan.text.get(range.clone())?;
    let good = text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && is_apart(scan, &range);
    good.then(|| (range, text.to_ascii_uppercase()))
}
