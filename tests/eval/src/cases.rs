//! Cases: JSON lines, one object each. A line that is none is an error with its number; its text is not repeated.

use std::collections::HashSet;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sotto_core::protocol::FieldHints;

use crate::error::EvalError;
use crate::files;

/// A text to measure, or a passage to type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextCase {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// A case of `autocomplete`: a caret, or a whole passage for the typing simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum AutocompleteCase {
    Caret(CaretCase),
    Passage(TextCase),
}

/// What is shown at one caret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaretCase {
    pub(crate) id: String,
    pub(crate) before: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) after: String,
    pub(crate) kind: CaretKind,
    /// Texts that would be right, spacing included. The longer the better: what is shown beyond one is taken for right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) accept: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) field: FieldHints,
    /// What kind of place it is, to tell apart where things go wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) group: String,
}

/// What should happen at a caret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CaretKind {
    /// Something of use can be shown.
    Insert,
    /// Nothing should be.
    Suppress,
}

/// A document with a summary that somebody wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SummaryCase {
    pub(crate) id: String,
    pub(crate) document: String,
    pub(crate) summary: String,
}

/// A question with an answer that somebody wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatCase {
    pub(crate) id: String,
    pub(crate) question: String,
    #[serde(default)]
    pub(crate) context: String,
    pub(crate) answer: String,
}

/// Something with an id of its own.
pub(crate) trait Identified {
    fn id(&self) -> &str;
}

macro_rules! identified {
    ($($case:ty),*) => {$(impl Identified for $case {
        fn id(&self) -> &str {
            &self.id
        }
    })*};
}
identified!(TextCase, CaretCase, SummaryCase, ChatCase);

impl Identified for AutocompleteCase {
    fn id(&self) -> &str {
        match self {
            Self::Caret(case) => &case.id,
            Self::Passage(case) => &case.id,
        }
    }
}

fn is_default(field: &FieldHints) -> bool {
    *field == FieldHints::default()
}

/// Reads the cases of a file, the first `limit` of them.
pub(crate) fn read<T: DeserializeOwned + Identified>(
    path: &Path,
    limit: Option<usize>,
) -> Result<Vec<T>, EvalError> {
    let text = files::read_text(path)?;
    let mut cases = Vec::new();
    let mut seen = HashSet::new();
    let limit = limit.unwrap_or(usize::MAX);
    let lines = (1..).zip(text.lines());
    for (line, json) in lines
        .filter(|(_, json)| !json.trim().is_empty())
        .take(limit)
    {
        let wrong = |problem: String| EvalError::Case {
            path: path.into(),
            line,
            problem,
        };
        let case: T = serde_json::from_str(json).map_err(|error| wrong(without_text(&error)))?;
        if !seen.insert(case.id().to_owned()) {
            return Err(wrong("its id is there already".to_owned()));
        }
        cases.push(case);
    }
    if cases.is_empty() {
        return Err(EvalError::NoCases { path: path.into() });
    }
    Ok(cases)
}

/// What serde says may quote a value, and values are text of cases.
fn without_text(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Syntax => "not JSON",
        serde_json::error::Category::Eof => "the line ends too early",
        _ => "a field is missing, unknown or of another type",
    };
    format!("{what} (column {})", error.column())
}

/// The cases as a file.
pub(crate) fn to_lines<T: Serialize>(cases: &[T]) -> Result<Vec<u8>, EvalError> {
    let mut lines = Vec::new();
    for case in cases {
        serde_json::to_writer(&mut lines, case).map_err(EvalError::Json)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<AutocompleteCase>, EvalError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cases.jsonl");
        files::write(&path, text.as_bytes()).expect("written");
        read(&path, None)
    }

    #[test]
    fn both_kinds_of_autocomplete_cases() {
        let cases = parsed(
            r#"{"id": "a", "before": "Hello wor", "after": "", "kind": "insert", "accept": ["ld"], "field": {"singleLine": true}}

{"id": "b", "text": "Hello world."}
{"id": "c", "before": "", "kind": "suppress"}"#,
        )
        .expect("good cases");
        assert_eq!(cases.len(), 3);
        assert!(
            matches!(&cases[0], AutocompleteCase::Caret(case) if case.field.single_line && case.accept == ["ld"])
        );
        assert!(
            matches!(&cases[1], AutocompleteCase::Passage(case) if case.text == "Hello world.")
        );
    }

    #[test]
    fn a_bad_line_is_named_without_its_text() {
        for bad in [
            r#"{"id": "a", "before": "my secret", "kind": "show"}"#,
            r#"{"id": "a", "txt": "my secret"}"#,
            r#"{"id": "a", "text": "my secret"#,
            "my secret",
            "{\"id\": \"a\", \"text\": \"\"}\n{\"id\": \"a\", \"text\": \"my secret\"}",
        ] {
            let error = parsed(bad).expect_err("no case").to_string();
            assert!(
                error.contains("line ") && !error.contains("secret"),
                "{error}"
            );
        }
        assert!(matches!(parsed("\n\n"), Err(EvalError::NoCases { .. })));
    }
}
