//! How finds are compared with the spans of a case.
//!
//! A find and a span of the same kind **match** if they share at least half of the characters of both; each matches once.
//! Recall is the share of spans with a match, precision the share of finds with one. A find that matches no span and lies,
//! for at least half of its characters, inside of an `ignore` span counts neither way. `exact` asks for the same first and last character,
//! and `coverage` for how many of the spans' characters were replaced, as whatever kind: what is not covered would have left.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use sotto_core::redact::Kind;

/// A piece of a text, in Unicode characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) spans: usize,
    pub(crate) finds: usize,
    pub(crate) matches: usize,
    pub(crate) exact: usize,
    pub(crate) characters: usize,
    pub(crate) covered: usize,
}

/// Figures of a kind, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    /// `None` if there is no span.
    pub(crate) recall: Option<f64>,
    /// `None` if nothing was found.
    pub(crate) precision: Option<f64>,
    /// Spans.
    pub(crate) n: usize,
    /// Finds.
    pub(crate) found: usize,
    pub(crate) exact_recall: Option<f64>,
    pub(crate) exact_precision: Option<f64>,
    /// Share of the spans' characters that were replaced.
    pub(crate) coverage: Option<f64>,
}

impl Counts {
    pub(crate) fn figures(&self) -> Figures {
        let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        Figures {
            recall: share(self.matches, self.spans),
            precision: share(self.matches, self.finds),
            n: self.spans,
            found: self.finds,
            exact_recall: share(self.exact, self.spans),
            exact_precision: share(self.exact, self.finds),
            coverage: share(self.covered, self.characters),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.spans += other.spans;
        self.finds += other.finds;
        self.matches += other.matches;
        self.exact += other.exact;
        self.characters += other.characters;
        self.covered += other.covered;
    }
}

/// Compares the finds of one text with its spans; both without overlaps of their own.
pub(crate) fn compare(
    spans: &[Span],
    ignored: &[Range<usize>],
    finds: &[Span],
) -> BTreeMap<Kind, Counts> {
    let mut counts: BTreeMap<Kind, Counts> = BTreeMap::new();
    let mut used = vec![false; finds.len()];
    for span in spans {
        let entry = counts.entry(span.kind).or_default();
        entry.spans += 1;
        entry.characters += span.range.len();
        entry.covered += finds
            .iter()
            .map(|find| shared(&find.range, &span.range))
            .sum::<usize>();
        let matching = finds
            .iter()
            .enumerate()
            .find(|&(index, find)| !used[index] && matches(find, span));
        if let Some((index, find)) = matching {
            used[index] = true;
            entry.matches += 1;
            entry.exact += usize::from(find.range == span.range);
        }
    }
    for (find, used) in finds.iter().zip(used) {
        let inside: usize = ignored.iter().map(|range| shared(range, &find.range)).sum();
        if used || inside * 2 < find.range.len() {
            counts.entry(find.kind).or_default().finds += 1;
        }
    }
    counts
}

/// Whether both share at least half of the characters of each.
fn matches(find: &Span, span: &Span) -> bool {
    let shared = 2 * shared(&find.range, &span.range);
    find.kind == span.kind && shared > 0 && shared >= find.range.len() && shared >= span.range.len()
}

fn shared(one: &Range<usize>, other: &Range<usize>) -> usize {
    one.end
        .min(other.end)
        .saturating_sub(one.start.max(other.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(kind: Kind, range: Range<usize>) -> Span {
        Span { kind, range }
    }

    #[test]
    fn half_of_both_must_be_shared() {
        let spans = [span(Kind::Person, 0..10)];
        let matches =
            |range| compare(&spans, &[], &[span(Kind::Person, range)])[&Kind::Person].matches;
        assert_eq!(matches(0..10), 1);
        assert_eq!(matches(0..5), 1);
        assert_eq!(matches(0..4), 0);
        assert_eq!(matches(0..20), 1);
        assert_eq!(matches(0..21), 0);
        assert_eq!(matches(8..12), 0);
        assert_eq!(matches(10..20), 0);
    }

    #[test]
    fn each_matches_once_and_kinds_differ() {
        let spans = [span(Kind::Person, 0..4), span(Kind::Email, 10..20)];
        let finds = [
            span(Kind::Person, 0..2),
            span(Kind::Person, 2..4),
            span(Kind::Phone, 10..20),
        ];
        let counts = compare(&spans, &[], &finds);
        let person = counts[&Kind::Person];
        assert_eq!(
            (person.spans, person.finds, person.matches, person.exact),
            (1, 2, 1, 0)
        );
        let email = counts[&Kind::Email];
        // The wrong kind is a miss, but nothing leaks.
        assert_eq!(
            (email.spans, email.finds, email.matches, email.covered),
            (1, 0, 0, 10)
        );
        assert_eq!(counts[&Kind::Phone].finds, 1);
        assert_eq!(counts[&Kind::Phone].figures().recall, None);
        assert_eq!(counts[&Kind::Phone].figures().precision, Some(0.0));
    }

    #[test]
    fn ignored_finds_count_neither_way() {
        let spans = [span(Kind::Person, 0..4)];
        let finds = [
            span(Kind::Person, 0..4),
            span(Kind::Person, 10..14),
            span(Kind::Person, 13..20),
        ];
        let counts = compare(&spans, &[0..4, 10..16], &finds)[&Kind::Person];
        assert_eq!((counts.finds, counts.matches, counts.exact), (2, 1, 1));
    }
}
