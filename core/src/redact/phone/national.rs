//! How phone numbers are written inside of a country, where no word beside them says what they are.

use super::super::number::{Gap, Group, Series};
use super::super::scan::Scan;

/// How many groups belong to the number that begins the series, and how sure that is. `start` is before the first group
/// where an opening parenthesis is.
pub(super) fn shape(scan: &Scan<'_>, series: &Series<'_>, start: usize) -> Option<(usize, u8)> {
    let opened = start < series.groups()[0].start;
    [
        north_america,
        trunk_zero,
        plain,
        brazil,
        india,
        china,
        russia,
        italy,
    ]
    .into_iter()
    .find_map(|shape| shape(scan, series, opened))
}

fn lengths(groups: &[Group]) -> Vec<usize> {
    groups.iter().map(Group::len).collect()
}

/// `202-555-0147`, `(202) 555-0147`, `1-800-555-0199`.
fn north_america(_: &Scan<'_>, series: &Series<'_>, opened: bool) -> Option<(usize, u8)> {
    let groups = series.groups();
    let leading = usize::from(groups[0].len() == 1 && series.digits(&groups[..1]) == "1");
    let number = groups.get(leading..leading + 3)?;
    let digits = series.digits(number);
    let code = |at: usize| matches!(digits.as_bytes()[at], b'2'..=b'9');
    // An area code does not begin with 0 or 1, nor does what follows it.
    if lengths(number) != [3, 3, 4] || !code(0) || !code(3) {
        return None;
    }
    let confidence = match (number[1].gap, number[2].gap) {
        _ if opened || leading == 1 => 88,
        (Gap::Hyphen, Gap::Hyphen) | (Gap::Dot, Gap::Dot) => 82,
        (Gap::Space, Gap::Space | Gap::Hyphen) | (Gap::Slash | Gap::Mixed, Gap::Hyphen) => 70,
        _ => return None,
    };
    Some((leading + 3, confidence))
}

/// `020 7946 0958`, `0171/3920077`, `06.39.98.45.67`: the zero that is dialled before a national number.
fn trunk_zero(_: &Scan<'_>, series: &Series<'_>, opened: bool) -> Option<(usize, u8)> {
    let groups = series.groups();
    let first = series.digits(&groups[..1]);
    if !first.starts_with('0') || first.starts_with("00") || !(2..=6).contains(&first.len()) {
        return None;
    }
    let count = (2..=groups.len().min(6)).rev().find(|&count| {
        let total: usize = groups[..count].iter().map(Group::len).sum();
        let gaps = &groups[1..count];
        // The first gap may be another than the others; those are all the same.
        let regular = gaps.iter().skip(1).all(|group| {
            group.gap != Gap::Mixed && (group.gap == gaps[gaps.len() - 1].gap || count == 3)
        });
        let no_single = gaps.iter().all(|group| group.len() >= 2);
        let decimal = count == 2 && gaps[0].gap == Gap::Dot;
        (9..=12).contains(&total) && regular && no_single && !decimal
    })?;
    Some((count, if opened { 85 } else { 78 }))
}

/// Mobile numbers in one piece: British, German, French, Dutch.
fn plain(_: &Scan<'_>, series: &Series<'_>, _: bool) -> Option<(usize, u8)> {
    let digits = series.digits(&series.groups()[..1]);
    let mobile = match digits.len() {
        11 => {
            digits.starts_with("07")
                || digits.starts_with("015")
                || digits.starts_with("016")
                || digits.starts_with("017")
        }
        12 => digits.starts_with("015") || digits.starts_with("017"),
        10 => digits.starts_with("06") || digits.starts_with("07"),
        _ => false,
    };
    mobile.then_some((1, 66))
}

/// `(11) 91234-5678`, `11 3456-7890`.
fn brazil(_: &Scan<'_>, series: &Series<'_>, opened: bool) -> Option<(usize, u8)> {
    let groups = series.take(3)?;
    let digits = series.digits(groups);
    let mobile = lengths(groups) == [2, 5, 4] && digits.as_bytes()[2] == b'9';
    let fixed = lengths(groups) == [2, 4, 4] && matches!(digits.as_bytes()[2], b'2'..=b'5');
    let gaps = matches!(groups[1].gap, Gap::Space | Gap::Mixed)
        && matches!(groups[2].gap, Gap::Hyphen | Gap::Space);
    (gaps && matches!(digits.as_bytes()[0], b'1'..=b'9') && (mobile || fixed && opened))
        .then_some((3, if opened { 86 } else { 72 }))
}

/// `98765 43210`.
fn india(_: &Scan<'_>, series: &Series<'_>, _: bool) -> Option<(usize, u8)> {
    let groups = series.take(2)?;
    let first = series.digits(groups).as_bytes()[0];
    let alone = series
        .groups()
        .get(2)
        .is_none_or(|next| next.gap != Gap::Space);
    (lengths(groups) == [5, 5]
        && groups[1].gap == Gap::Space
        && matches!(first, b'6'..=b'9')
        && alone)
        .then_some((2, 64))
}

/// `138 0013 8000`.
fn china(_: &Scan<'_>, series: &Series<'_>, _: bool) -> Option<(usize, u8)> {
    let groups = series.take(3)?;
    let digits = series.digits(groups);
    let mobile = digits.starts_with('1') && matches!(digits.as_bytes()[1], b'3'..=b'9');
    let gaps = groups[1].gap == groups[2].gap && matches!(groups[1].gap, Gap::Space | Gap::Hyphen);
    (lengths(groups) == [3, 4, 4] && mobile && gaps).then_some((3, 76))
}

/// `8 (912) 345-67-89`.
fn russia(scan: &Scan<'_>, series: &Series<'_>, _: bool) -> Option<(usize, u8)> {
    let groups = series.take(5)?;
    let trunk = series.digits(&groups[..1]) == "8";
    let parenthesis = scan.char_before(groups[1].start) == Some('(');
    (lengths(groups) == [1, 3, 3, 2, 2] && trunk && parenthesis).then_some((5, 84))
}

/// Mobile numbers: `347 1234567`, `347 123 4567`.
fn italy(_: &Scan<'_>, series: &Series<'_>, _: bool) -> Option<(usize, u8)> {
    let groups = series.groups();
    let digits = series.digits(&groups[..1]);
    let mobile =
        digits.len() == 3 && digits.starts_with('3') && matches!(digits.as_bytes()[1], b'2'..=b'9');
    let count = match lengths(groups)[..] {
        [3, 7, ..] => 2,
        [3, 3, 4, ..] => 3,
        _ => return None,
    };
    let spaced = groups[1..count].iter().all(|group| group.gap == Gap::Space);
    (mobile && spaced).then_some((count, 62))
}
