//! What follows a street: floor and door, postcode and place, region, country.

use super::super::scan::{Class, Scan};
use super::place::{Segment, is_name, place, unit};
use super::postcode::postcode;

/// Segments behind a street: suite, floor, quarter, place, region, country.
const MAX_SEGMENTS: usize = 6;

/// How far an address goes on behind its street.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail {
    /// Its last token.
    pub(super) last: usize,
    /// Whether there is a postcode.
    pub(super) has_postcode: bool,
    /// Whether it stands before its place, as on the continent of Europe.
    pub(super) postcode_first: bool,
}

/// Follows the address whose street ends at the token `last`.
pub(super) fn extend(scan: &Scan<'_>, last: usize) -> Tail {
    let mut tail = Tail {
        last,
        has_postcode: false,
        postcode_first: false,
    };
    // Segments that belong only if a certain one follows.
    let mut reached = last;
    for _ in 0..MAX_SEGMENTS {
        let Some((at, separator)) = next_segment(scan, reached) else {
            break;
        };
        let Some(segment) = segment(scan, at, separator) else {
            break;
        };
        reached = segment.last;
        let ends = scan.is_segment_end(segment.last)
            && separator == Separator::Comma
            && !(is_name(scan, at) && scan.is_sign(segment.last + 1, &[',']))
            && !goes_on(scan, segment.last);
        if segment.certain || ends {
            tail.last = segment.last;
            tail.has_postcode |= segment.has_postcode;
            tail.postcode_first |= segment.has_postcode
                && postcode(scan, at).is_some_and(|code| code.last < segment.last);
        }
        // Behind the postcode and the place only the country follows, on the same line.
        if tail.has_postcode && !matches!(scan.str(reached + 1), "," | "/") {
            break;
        }
    }
    tail
}

/// What is between two segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Space,
    Comma,
    Line,
}

fn next_segment(scan: &Scan<'_>, last: usize) -> Option<(usize, Separator)> {
    let next = scan.get(last + 1)?;
    match next.class {
        Class::Sign if matches!(scan.str(last + 1), ",") => {
            let line = scan.get(last + 2)?.class == Class::Line;
            Some((
                last + 2 + usize::from(line),
                if line {
                    Separator::Line
                } else {
                    Separator::Comma
                },
            ))
        }
        // `Rua das Laranjeiras 245 - apto 302`.
        Class::Sign
            if matches!(scan.str(last + 1), "-" | "–")
                && scan.gap(last) == " "
                && scan.gap(last + 1) == " " =>
        {
            Some((last + 2, Separator::Comma))
        }
        Class::Line => Some((last + 2, Separator::Line)),
        Class::Word | Class::Number => {
            (!scan.gap(last).is_empty()).then_some((last + 1, Separator::Space))
        }
        Class::Sign if scan.str(last + 1) == "#" => Some((last + 1, Separator::Space)),
        _ => None,
    }
}

fn segment(scan: &Scan<'_>, at: usize, separator: Separator) -> Option<Segment> {
    let unit = unit(scan, at)
        .filter(|_| separator != Separator::Line)
        .map(|last| Segment {
            last,
            certain: true,
            has_postcode: false,
        });
    let found = unit.or_else(|| place(scan, at))?;
    match separator {
        // Without a comma the next words may be anything, so they have to begin with a postcode that a place follows.
        Separator::Space => {
            let code = postcode(scan, at).is_some_and(|code| code.last < found.last);
            (code || unit.is_some()).then_some(found)
        }
        // With a new line they may be the next field: `Springfield,` waits for what is behind the comma.
        Separator::Line => {
            let waits = scan.is_sign(found.last + 1, &[',']) && !found.certain;
            (found.has_postcode || waits).then_some(found)
        }
        Separator::Comma => Some(found),
    }
}

/// Whether a comma and a small word follow, as inside of a sentence that goes on about something else; still the end.
fn goes_on(scan: &Scan<'_>, last: usize) -> bool {
    // A list of capital words goes on: only a certain segment ends it.
    scan.is_sign(last + 1, &[','])
        && scan
            .get(last + 2)
            .is_some_and(|token| token.class == Class::Word && super::place::is_capital(token.case))
}
