//! Counting over single carets.

use std::collections::BTreeMap;

use serde::Serialize;
use sotto_core::protocol::{SuggestOutcome, SuppressionReason};

use super::judge::{begins_with, is_right, words};
use crate::cases::{CaretCase, CaretKind};
use crate::report::share;

/// Counts of one kind of places.
#[derive(Debug, Clone, Default)]
struct Count {
    cases: usize,
    shown: usize,
    right: usize,
}

/// Sums over cases.
#[derive(Debug, Default)]
pub(crate) struct CaretTally {
    insert: Count,
    suppress: Count,
    characters_saved: usize,
    /// By words shown: shown, exactly right.
    by_length: BTreeMap<usize, (usize, usize)>,
    by_group: BTreeMap<(bool, String), Count>,
    reasons: [BTreeMap<String, usize>; 2],
}

/// What is said of single carets.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaretFigures {
    /// Share of the insert cases at which something was shown.
    pub(crate) coverage: Option<f64>,
    /// Share of what was shown there that was right.
    pub(crate) precision_when_shown: Option<f64>,
    /// Share of the insert cases at which something wrong was shown.
    pub(crate) wrong_show: Option<f64>,
    /// Share of the suppress cases at which nothing was shown.
    pub(crate) suppression_accuracy: Option<f64>,
    /// Share of all cases at which something wrong was shown: whatever is shown at a suppress case is.
    wrong_show_overall: Option<f64>,
    /// Characters that the right ones saved, less one key each, per insert case.
    characters_saved: Option<f64>,
    /// By words shown.
    exact_by_length: BTreeMap<usize, LengthFigures>,
    insert_groups: BTreeMap<String, GroupFigures>,
    suppress_groups: BTreeMap<String, GroupFigures>,
    /// Why nothing was shown, by kind of case.
    reasons: ReasonFigures,
    insert_cases: usize,
    suppress_cases: usize,
}

/// Suggestions of one length.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LengthFigures {
    shown: usize,
    /// Share that an accepted text begins with.
    exact: Option<f64>,
}

/// Cases of one group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupFigures {
    cases: usize,
    shown: usize,
    /// Of insert cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    precision_when_shown: Option<f64>,
    /// Of suppress cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppression_accuracy: Option<f64>,
}

/// Counts by the reason's name in the protocol.
#[derive(Debug, Serialize)]
struct ReasonFigures {
    insert: BTreeMap<String, usize>,
    suppress: BTreeMap<String, usize>,
}

impl CaretTally {
    /// Counts what happened at a caret.
    pub(crate) fn add(&mut self, case: &CaretCase, outcome: &SuggestOutcome) {
        let is_insert = case.kind == CaretKind::Insert;
        let group = self
            .by_group
            .entry((is_insert, case.group.clone()))
            .or_default();
        let kind = if is_insert {
            &mut self.insert
        } else {
            &mut self.suppress
        };
        kind.cases += 1;
        group.cases += 1;
        let text = match outcome {
            SuggestOutcome::Show { text, .. } => text,
            SuggestOutcome::Suppress { reason } => {
                let counts = &mut self.reasons[usize::from(!is_insert)];
                *counts.entry(name(*reason)).or_default() += 1;
                return;
            }
        };
        kind.shown += 1;
        group.shown += 1;
        if !is_insert {
            return;
        }
        let length = self.by_length.entry(words(text)).or_default();
        length.0 += 1;
        let is_exact = case
            .accept
            .iter()
            .any(|accepted| begins_with(accepted, text));
        length.1 += usize::from(is_exact);
        if is_right(text, &case.accept, &case.after) {
            kind.right += 1;
            group.right += 1;
            self.characters_saved += text.chars().count().saturating_sub(1);
        }
    }

    /// The shares.
    pub(crate) fn figures(self) -> CaretFigures {
        let Self {
            insert, suppress, ..
        } = self;
        let groups = |is_insert: bool| {
            let own = self
                .by_group
                .iter()
                .filter(|((kind, _), _)| *kind == is_insert);
            own.map(|((_, name), count)| {
                let name = if name.is_empty() { "other" } else { name };
                let figures = GroupFigures {
                    cases: count.cases,
                    shown: count.shown,
                    precision_when_shown: share(count.right, count.shown).filter(|_| is_insert),
                    suppression_accuracy: share(count.cases - count.shown, count.cases)
                        .filter(|_| !is_insert),
                };
                (name.to_owned(), figures)
            })
            .collect()
        };
        let lengths = self.by_length.iter().map(|(&words, &(shown, exact))| {
            let exact = share(exact, shown);
            (words, LengthFigures { shown, exact })
        });
        let wrong = insert.shown - insert.right;
        let [insert_reasons, suppress_reasons] = self.reasons;
        CaretFigures {
            coverage: share(insert.shown, insert.cases),
            precision_when_shown: share(insert.right, insert.shown),
            wrong_show: share(wrong, insert.cases),
            suppression_accuracy: share(suppress.cases - suppress.shown, suppress.cases),
            wrong_show_overall: share(wrong + suppress.shown, insert.cases + suppress.cases),
            characters_saved: share(self.characters_saved, insert.cases),
            exact_by_length: lengths.collect(),
            insert_groups: groups(true),
            suppress_groups: groups(false),
            reasons: ReasonFigures {
                insert: insert_reasons,
                suppress: suppress_reasons,
            },
            insert_cases: insert.cases,
            suppress_cases: suppress.cases,
        }
    }
}

/// The reason's name in the protocol.
fn name(reason: SuppressionReason) -> String {
    let value = serde_json::to_value(reason).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use sotto_core::protocol::FieldHints;

    use super::*;

    fn case(kind: CaretKind, accept: &[&str]) -> CaretCase {
        CaretCase {
            id: String::new(),
            before: "Hello ".into(),
            after: String::new(),
            kind,
            accept: accept.iter().map(|&text| text.to_owned()).collect(),
            field: FieldHints::default(),
            group: "g".into(),
        }
    }

    #[test]
    fn shares_are_of_the_right_wholes() {
        let show = |text: &str| SuggestOutcome::Show {
            text: text.into(),
            confidence: 0.5,
        };
        let silent = SuggestOutcome::Suppress {
            reason: SuppressionReason::LowConfidence,
        };
        let mut tally = CaretTally::default();
        let insert = case(CaretKind::Insert, &["big world"]);
        tally.add(&insert, &show("big"));
        tally.add(&insert, &show("big world"));
        tally.add(&insert, &show("bad world"));
        tally.add(&insert, &silent);
        let suppress = case(CaretKind::Suppress, &[]);
        tally.add(&suppress, &show("big"));
        tally.add(&suppress, &silent);
        tally.add(&suppress, &silent);
        let figures = tally.figures();
        let close = |found: Option<f64>, expected: f64| {
            assert!(
                found.is_some_and(|found| (found - expected).abs() < 1e-9),
                "{found:?} {expected}"
            );
        };
        close(figures.coverage, 3.0 / 4.0);
        close(figures.precision_when_shown, 2.0 / 3.0);
        close(figures.wrong_show, 1.0 / 4.0);
        close(figures.suppression_accuracy, 2.0 / 3.0);
        close(figures.wrong_show_overall, 2.0 / 7.0);
        close(figures.characters_saved, (2.0 + 8.0) / 4.0);
        close(figures.exact_by_length[&1].exact, 1.0);
        close(figures.exact_by_length[&2].exact, 0.5);
        assert_eq!(figures.reasons.suppress["lowConfidence"], 2);
        assert_eq!(figures.insert_groups["g"].shown, 3);
        let json = serde_json::to_value(&figures).expect("JSON");
        for key in [
            "coverage",
            "precisionWhenShown",
            "wrongShow",
            "suppressionAccuracy",
            "exactByLength",
        ] {
            assert!(json.get(key).is_some(), "{key}");
        }
    }

    #[test]
    fn nothing_measured_is_not_zero() {
        let figures = CaretTally::default().figures();
        assert_eq!(
            (figures.coverage, figures.precision_when_shown),
            (None, None)
        );
    }
}
