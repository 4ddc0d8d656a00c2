//! Phone numbers: international ones by calling code and length, national ones by the way they are written and by the words
//! beside them.
//!
//! libphonenumber (the crates `phonenumber` and `rlibphonenumber`) is not in the product, only in a test: it would add 507 KB and
//! 132 KB with gzip to the browser's module, takes 10 µs for each candidate and region, and calls 7 of 31 numbers that were
//! tried and have to be found here invalid, because it asks whether a range is in use.

mod calling_codes;
mod national;

use std::ops::Range;

use super::number::{Gap, Group, Series, is_apart};
use super::scan::{Class, Scan};
use super::vocabulary::{NUMBER_LABELS, PHONE, REFERENCE};
use super::{Finding, Kind, Reason};

/// Digits of the shortest number that a label makes one.
const MIN_LABELLED_DIGITS: usize = 7;
/// Digits of the longest, ITU-T E.164.
const MAX_DIGITS: usize = 15;

/// What is said about the number, by words and signs beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// A phone number follows.
    Phone,
    /// Something else follows.
    Other,
    /// Nothing.
    Nothing,
}

/// Numbers that begin at the number token `index`.
pub(super) fn find(scan: &Scan<'_>, index: usize, found: &mut Vec<Finding>) {
    let Some(series) = Series::new(scan, index) else {
        return;
    };
    let start = start(scan, &series.groups()[0]);
    let said = said(scan, index);
    let international = international(scan, &series, start);
    let find = international.or_else(|| national(scan, &series, start, said));
    if let Some((end, confidence, reason)) = find {
        found.push(Finding::new(Kind::Phone, start..end, confidence, reason));
    }
}

/// Where a number that begins with this group begins: its plus sign and parenthesis belong to it.
fn start(scan: &Scan<'_>, first: &Group) -> usize {
    let opening = |at: usize, sign: char| {
        if scan.char_before(at) == Some(sign) {
            at - 1
        } else {
            at
        }
    };
    let plus = opening(first.start, '+');
    // `(0221) 4710`, and not `(0221)` alone or `(+44...)`.
    let closes = scan.text[first.end..].starts_with(')');
    let goes_on = series_goes_on(scan, first);
    if closes && goes_on {
        opening(plus, '(')
    } else {
        plus
    }
}

/// Whether a further group follows the parenthesis.
fn series_goes_on(scan: &Scan<'_>, first: &Group) -> bool {
    (2..=3).any(|ahead| {
        let next = scan.get(first.token + ahead);
        next.is_some_and(|token| token.class == Class::Number)
    })
}

fn said(scan: &Scan<'_>, index: usize) -> Said {
    /// Labels in scripts without spaces, and signs.
    const SIGNS: [&str; 15] = [
        "电话",
        "電話",
        "手机",
        "手機",
        "微信",
        "携帯",
        "連絡先",
        "联系方式",
        "전화",
        "휴대폰",
        "☎",
        "📞",
        "📱",
        "✆",
        "☏",
    ];
    let start = scan.tokens[index].start;
    let near = &scan.text[scan.text.floor_char_boundary(start.saturating_sub(24))..start];
    if SIGNS.iter().any(|sign| near.contains(sign)) {
        return Said::Phone;
    }
    match scan.label_before(index, 5, NUMBER_LABELS) {
        Some((_, marks)) if marks & PHONE != 0 => Said::Phone,
        Some(_) => Said::Other,
        None => Said::Nothing,
    }
}

/// `+49 (0)30 23125-014`, `0049 30 23125014`: where it ends.
fn international(
    scan: &Scan<'_>,
    series: &Series<'_>,
    start: usize,
) -> Option<(usize, u8, Reason)> {
    let groups = series.groups();
    let plus = scan.slice(start..groups[0].end).contains('+');
    let digits_of = |count: usize| without_trunk_zero(scan, series, &groups[..count]);
    let zeros = if plus { 0 } else { 2 };
    let zeros_first = groups[0].len() <= 6 && series.digits(&groups[..1]).starts_with("00");
    if !(plus || zeros_first) {
        return None;
    }
    if scan
        .char_before(start)
        .is_some_and(|char| char.is_ascii_alphanumeric() || char == '+')
    {
        return None;
    }
    let reference = !plus
        && scan
            .label_before(groups[0].token, 4, NUMBER_LABELS)
            .is_some_and(|(_, marks)| marks & REFERENCE != 0);
    let whole = (1..=groups.len()).rev().find(|&count| {
        let digits = digits_of(count);
        let number = digits.get(zeros..).unwrap_or_default();
        let joined = groups[1..count]
            .iter()
            .enumerate()
            .all(|(at, group)| at < 3 || group.gap != Gap::Mixed);
        joined
            && number.len() >= MIN_LABELLED_DIGITS
            && number.len() <= MAX_DIGITS
            && calling_codes::code_len(number).is_some()
            && ends_well(scan, groups[count - 1].end)
    })?;
    // Two zeros also begin other numbers.
    let certain = plus || whole > 1 && calling_codes::has_code(&digits_of(whole)[2..]);
    (certain && !reference).then(|| {
        (
            groups[whole - 1].end,
            if plus { 95 } else { 78 },
            Reason::Structure,
        )
    })
}

/// The digits without the `(0)` that is dialled only inside the country.
fn without_trunk_zero(scan: &Scan<'_>, series: &Series<'_>, groups: &[Group]) -> String {
    let is_trunk = |group: &&Group| {
        group.len() == 1
            && scan.char_before(group.start) == Some('(')
            && scan.char_at(group.end) == Some(')')
            && scan.slice(group.start..group.end) == "0"
    };
    let kept: Vec<Group> = groups
        .iter()
        .filter(|group| !is_trunk(group))
        .copied()
        .collect();
    series.digits(&kept)
}

fn ends_well(scan: &Scan<'_>, end: usize) -> bool {
    let after = scan.char_at(end);
    let tight = after
        .is_some_and(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '%' | '°' | '@'));
    let goes_on = after.is_some_and(|char| matches!(char, '.' | ',' | ':' | '/' | '-'))
        && scan
            .char_at(end + 1)
            .is_some_and(|char| char.is_ascii_digit());
    // `x12` and `ext` are extensions.
    let extension = after == Some('x');
    (!tight || extension) && !goes_on
}

fn national(
    scan: &Scan<'_>,
    series: &Series<'_>,
    start: usize,
    said: Said,
) -> Option<(usize, u8, Reason)> {
    let groups = series.groups();
    if said == Said::Other || is_dated(series) || goes_back(scan, &groups[0]) {
        return None;
    }
    if let Some((count, confidence)) = national::shape(scan, series, start) {
        let range: Range<usize> = groups[0].start..groups[count - 1].end;
        if (is_apart(scan, &range) || start < groups[0].start)
            && ends_well(scan, range.end)
            && !is_amount(scan, &groups[count - 1])
        {
            let reason = if said == Said::Phone {
                Reason::Label
            } else {
                Reason::Format
            };
            return Some((
                range.end,
                if said == Said::Phone { 90 } else { confidence },
                reason,
            ));
        }
    }
    if said != Said::Phone || is_amount(scan, &groups[0]) {
        return None;
    }
    // With a label, whatever has as many digits as phone numbers have.
    let count = (1..=groups.len()).rev().find(|&count| {
        let digits: usize = groups[..count].iter().map(Group::len).sum();
        let gaps = &groups[1..count];
        let decimal = count == 2 && gaps[0].gap == Gap::Dot;
        let joined = gaps
            .iter()
            .all(|group| group.gap != Gap::Mixed || scan.text[..group.start].ends_with(['(', ' ']));
        (MIN_LABELLED_DIGITS..=13).contains(&digits)
            && !decimal
            && joined
            && ends_well(scan, groups[count - 1].end)
            && (is_apart(scan, &(groups[0].start..groups[count - 1].end))
                || start < groups[0].start)
    })?;
    Some((groups[count - 1].end, 82, Reason::Label))
}

/// Whether a number is right before, so that this is the middle of a longer one.
fn goes_back(scan: &Scan<'_>, first: &Group) -> bool {
    let before = scan.before(first.token);
    before.is_some_and(|token| token.class == Class::Number) && scan.gap(first.token - 1).len() <= 2
}

/// Whether it begins like a date with a year of four digits.
fn is_dated(series: &Series<'_>) -> bool {
    let lengths: Vec<usize> = series.groups().iter().take(3).map(Group::len).collect();
    let number = |at: usize| {
        series
            .digits(&series.groups()[at..=at])
            .parse::<u32>()
            .unwrap_or(0)
    };
    let year = |at: usize| (1900..2100).contains(&number(at));
    let day_or_month = |at: usize| (1..=31).contains(&number(at));
    match lengths[..] {
        [4, 1..=2, 1..=2] => year(0) && day_or_month(1) && day_or_month(2),
        [1..=2, 1..=2, 4] => year(2) && day_or_month(0) && day_or_month(1),
        _ => false,
    }
}

/// Whether a unit or a currency follows.
fn is_amount(scan: &Scan<'_>, last: &Group) -> bool {
    const UNITS: [&str; 26] = [
        "eur",
        "usd",
        "gbp",
        "chf",
        "inr",
        "brl",
        "euro",
        "euros",
        "dollars",
        "pounds",
        "km",
        "m",
        "kg",
        "g",
        "ms",
        "s",
        "mb",
        "gb",
        "kb",
        "bytes",
        "people",
        "users",
        "habitants",
        "einwohner",
        "tokens",
        "rows",
    ];
    let next = scan.get(last.token + 1);
    next.is_some_and(|token| match token.class {
        Class::Word => UNITS
            .iter()
            .any(|unit| scan.str(last.token + 1).eq_ignore_ascii_case(unit)),
        Class::Sign => matches!(scan.str(last.token + 1), "€" | "$" | "£" | "%" | "°" | "₹"),
        _ => false,
    })
}

#[cfg(test)]
mod tests;
