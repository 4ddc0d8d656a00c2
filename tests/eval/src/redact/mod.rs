//! Redaction: what the detectors find of the personal data in labelled texts, and what they find besides.

mod score;

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sotto_core::redact::{Kind, Settings, find};

use crate::arguments::RedactOptions;
use crate::cases::{self, Identified};
use crate::error::EvalError;
use crate::report::{percent, write_json};
use score::{Counts, Figures, Span, compare};

/// A labelled text. Offsets are in Unicode characters.
#[derive(Debug, Deserialize)]
struct Case {
    #[serde(deserialize_with = "any_id")]
    id: String,
    text: String,
    spans: Vec<Labelled>,
    /// What may be found or not.
    #[serde(default)]
    ignore: Vec<Ignored>,
}

impl Identified for Case {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Sets that others made number their cases, too.
fn any_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Number(u64),
    }
    Ok(match Id::deserialize(deserializer)? {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    })
}

#[derive(Debug, Deserialize)]
struct Labelled {
    start: usize,
    end: usize,
    kind: Kind,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Ignored {
    Named { start: usize, end: usize },
    Pair(usize, usize),
}

/// The figures of a set.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    command: &'static str,
    cases: usize,
    per_kind: BTreeMap<&'static str, Figures>,
    overall: Figures,
}

/// Measures, writes the figures, and says the main ones.
pub(crate) fn run(options: &RedactOptions) -> Result<String, EvalError> {
    let cases: Vec<Case> = cases::read(&options.cases, None)?;
    let mut counts: BTreeMap<Kind, Counts> = BTreeMap::new();
    for case in &cases {
        for (kind, counted) in measure(case) {
            counts.entry(kind).or_default().add(&counted);
        }
    }
    let mut all = Counts::default();
    counts.values().for_each(|counted| all.add(counted));
    let report = Report {
        command: "redact",
        cases: cases.len(),
        per_kind: counts
            .iter()
            .map(|(kind, counted)| (kind.name(), counted.figures()))
            .collect(),
        overall: all.figures(),
    };
    write_json(&options.json, &report)?;
    let figures = report.overall;
    Ok(format!(
        "{} spans: recall {}, precision {}, {} of their characters covered",
        figures.n,
        percent(figures.recall),
        percent(figures.precision),
        percent(figures.coverage)
    ))
}

fn measure(case: &Case) -> BTreeMap<Kind, Counts> {
    let spans: Vec<Span> = case
        .spans
        .iter()
        .map(|span| Span {
            kind: span.kind,
            range: span.start..span.end,
        })
        .collect();
    let ignored: Vec<Range<usize>> = case
        .ignore
        .iter()
        .map(|ignored| match *ignored {
            Ignored::Named { start, end } | Ignored::Pair(start, end) => start..end,
        })
        .collect();
    compare(&spans, &ignored, &finds(&case.text))
}

/// What is found, in characters.
fn finds(text: &str) -> Vec<Span> {
    let mut finds = Vec::new();
    let (mut byte, mut character) = (0, 0);
    // Finds are in order, so the text is counted once.
    let mut characters = |to: usize| {
        character += text[byte..to].chars().count();
        byte = to;
        character
    };
    for finding in find(text, &Settings::default()) {
        let start = characters(finding.start);
        let end = characters(finding.end);
        finds.push(Span {
            kind: finding.kind,
            range: start..end,
        });
    }
    finds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_characters() {
        let text = "5 € für Zoë Müller: zoë@müller.example";
        let finds = finds(text);
        let pieces: Vec<String> = finds
            .iter()
            .map(|find| {
                text.chars()
                    .skip(find.range.start)
                    .take(find.range.len())
                    .collect()
            })
            .collect();
        assert_eq!(pieces, ["Zoë Müller", "zoë@müller.example"]);
    }

    #[test]
    fn cases_of_both_forms() {
        let case: Case = serde_json::from_str(
            r#"{"id": "a", "text": "Ask Anna Schmidt.", "spans": [{"start": 4, "end": 16, "kind": "person"}], "ignore": [[0, 3], {"start": 1, "end": 2}]}"#,
        )
        .unwrap();
        let counts = measure(&case)[&Kind::Person];
        assert_eq!((counts.spans, counts.finds, counts.exact), (1, 1, 1));
    }
}
