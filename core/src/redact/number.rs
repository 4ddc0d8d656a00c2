//! Numbers written in groups: `4111 1111 1111 1111`, `(202) 555-0147`, `943.476.5919`.

use std::ops::Range;

use super::scan::{Class, Scan};

/// Most groups looked at from one start. A French social security number has seven, a phone number with its trunk prefix
/// seven.
pub(super) const MAX_GROUPS: usize = 9;

/// What is between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing is before the first group.
    Start,
    /// One space, also one that does not break or is narrow.
    Space,
    /// A hyphen, also a long one.
    Hyphen,
    /// A full stop.
    Dot,
    /// A slash.
    Slash,
    /// Several of these, with parentheses: only phone numbers have such.
    Mixed,
}

/// One run of digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    /// Its token.
    pub(super) token: usize,
    /// First byte.
    pub(super) start: usize,
    /// Byte behind the last one.
    pub(super) end: usize,
    /// What is before it.
    pub(super) gap: Gap,
}

impl Group {
    /// Digits in it.
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }
}

/// The groups from one on, as far as they can belong to one number.
pub(super) struct Series<'s> {
    text: &'s str,
    groups: [Group; MAX_GROUPS],
    len: usize,
}

impl<'s> Series<'s> {
    /// From the number token `index` on; `None` if that is no number.
    pub(super) fn new(scan: &Scan<'s>, index: usize) -> Option<Self> {
        let first = scan
            .get(index)
            .filter(|token| token.class == Class::Number)?;
        let group = Group {
            token: index,
            start: first.start,
            end: first.end,
            gap: Gap::Start,
        };
        let mut series = Self {
            text: scan.text,
            groups: [group; MAX_GROUPS],
            len: 1,
        };
        while series.len < MAX_GROUPS {
            let last = series.groups[series.len - 1];
            let Some(group) = next_group(scan, &last) else {
                break;
            };
            series.groups[series.len] = group;
            series.len += 1;
        }
        Some(series)
    }

    /// All groups.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups[..self.len]
    }

    /// The first `count` groups, if there are as many.
    pub(super) fn take(&self, count: usize) -> Option<&[Group]> {
        self.groups().get(..count)
    }

    /// The digits of `groups`, one after the other.
    pub(super) fn digits(&self, groups: &[Group]) -> String {
        groups
            .iter()
            .map(|group| &self.text[group.start..group.end])
            .collect()
    }

    /// The lengths of the first groups are `lengths`, with the same gap of `gaps` between each two, and nothing goes on.
    pub(super) fn shaped(
        &self,
        scan: &Scan<'_>,
        lengths: &[usize],
        gaps: &[Gap],
    ) -> Option<(Range<usize>, String)> {
        let groups = self.take(lengths.len())?;
        let same_lengths = groups
            .iter()
            .zip(lengths)
            .all(|(group, len)| group.len() == *len);
        let same_gaps = groups
            .iter()
            .skip(1)
            .all(|group| gaps.contains(&group.gap) && group.gap == groups[1].gap);
        let range = groups[0].start..groups[groups.len() - 1].end;
        (same_lengths && same_gaps && is_apart(scan, &range)).then(|| (range, self.digits(groups)))
    }
}

/// The number token next to `last`, if only signs of numbers are between.
fn next_group(scan: &Scan<'_>, last: &Group) -> Option<Group> {
    // ` (0) `, ` - `, `) `: at most three signs.
    for index in last.token + 1..last.token + 5 {
        let token = scan.get(index)?;
        match token.class {
            Class::Number => {
                return Some(Group {
                    token: index,
                    start: token.start,
                    end: token.end,
                    gap: gap(scan.slice(last.end..token.start))?,
                });
            }
            Class::Sign => {}
            Class::Word | Class::Line | Class::Blank => return None,
        }
    }
    None
}

fn gap(between: &str) -> Option<Gap> {
    let gap = match between {
        " " | "\u{a0}" | "\u{202f}" | "\u{2009}" => Gap::Space,
        "-" | "\u{2010}" | "\u{2011}" | "\u{2013}" => Gap::Hyphen,
        "." => Gap::Dot,
        "/" => Gap::Slash,
        _ if between.chars().count() <= 4 && between.chars().all(is_gap_char) => Gap::Mixed,
        _ => return None,
    };
    Some(gap)
}

fn is_gap_char(char: char) -> bool {
    matches!(
        char,
        ' ' | '\u{a0}'
            | '\u{202f}'
            | '-'
            | '\u{2010}'
            | '\u{2011}'
            | '\u{2013}'
            | '.'
            | '/'
            | '('
            | ')'
    )
}

/// Whether no letter, digit or sign that would make it part of something longer touches `range`.
pub(super) fn is_apart(scan: &Scan<'_>, range: &Range<usize>) -> bool {
    let before = scan.char_before(range.start);
    let after = scan.char_at(range.end);
    let joined_before = before.is_some_and(|char| {
        joins(char)
            || matches!(char, '-' | '.' | '/' | '+' | ',')
                && is_word_before(scan, range.start, char)
    });
    let joined_after = after.is_some_and(|char| {
        joins(char)
            || matches!(char, '-' | '.' | '/' | ',' | ':') && is_word_after(scan, range.end, char)
    });
    !(joined_before || joined_after)
}

fn joins(char: char) -> bool {
    // Scripts without spaces write letters and numbers side by side.
    let is_letter = char.is_alphabetic() && !is_unspaced(char);
    is_letter || char.is_numeric() || matches!(char, '_' | '@' | '$' | '€' | '£' | '%' | '\\')
}

fn is_word_before(scan: &Scan<'_>, at: usize, sign: char) -> bool {
    scan.char_before(at - sign.len_utf8())
        .is_some_and(|char| char.is_alphanumeric() && !is_unspaced(char))
}

fn is_word_after(scan: &Scan<'_>, at: usize, sign: char) -> bool {
    let next = scan.char_at(at + sign.len_utf8());
    match sign {
        '-' | '/' => next.is_some_and(|char| char.is_alphanumeric() && !is_unspaced(char)),
        _ => next.is_some_and(|char| char.is_ascii_digit()),
    }
}

/// Of a script that is written without spaces between words.
pub(super) fn is_unspaced(char: char) -> bool {
    matches!(char, '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(text: &str) -> Vec<(usize, Gap)> {
        let scan = Scan::new(text);
        let at = scan
            .tokens
            .iter()
            .position(|token| token.class == Class::Number)
            .unwrap();
        let series = Series::new(&scan, at).unwrap();
        series
            .groups()
            .iter()
            .map(|group| (group.len(), group.gap))
            .collect()
    }

    #[test]
    fn groups_and_what_is_between() {
        use Gap::{Dot, Hyphen, Mixed, Space, Start};
        assert_eq!(gaps("x 4111 1111"), [(4, Start), (4, Space)]);
        assert_eq!(
            gaps("(202) 555-0147."),
            [(3, Start), (3, Mixed), (4, Hyphen)]
        );
        assert_eq!(
            gaps("+49 (0) 30 1"),
            [(2, Start), (1, Mixed), (2, Mixed), (1, Space)]
        );
        assert_eq!(gaps("1.2, 3"), [(1, Start), (1, Dot)]);
        assert_eq!(gaps("12\n34"), [(2, Start)]);
        assert_eq!(gaps("12  34"), [(2, Start), (2, Mixed)]);
    }

    #[test]
    fn a_number_stands_alone() {
        let apart = |text: &str| {
            let scan = Scan::new(text);
            let start = text.find('1').unwrap();
            is_apart(&scan, &(start..start + 2))
        };
        for text in [
            "12", " 12 ", "(12)", "#12,", "12.", "no:12", "x=12", "12, 3", "号12号", "12: a",
        ] {
            assert!(apart(text), "{text}");
        }
        for text in [
            "a12", "12b", "a-12", "3.12", "12-b", "12.5", "12,5", "12/3", "_12", "x@12", "12:30",
        ] {
            assert!(!apart(text), "{text}");
        }
    }
}
