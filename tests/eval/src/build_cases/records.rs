//! Summary and chat cases from record files: JSON lines as `models/recipe/documents.py` reads them.

use std::path::Path;

use serde::Deserialize;

use crate::arguments::{CasesOptions, RecordKind};
use crate::cases::{ChatCase, SummaryCase, to_lines};
use crate::error::EvalError;
use crate::files;
use crate::random::{Random, number_of};

/// Both kinds of records; which fields are there says which it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    source: String,
    document: String,
    summary: String,
    instruction: String,
    input: String,
    output: String,
}

/// Reads the records of the wanted sources and makes cases of a fair sample, as lines.
pub(super) fn make(
    path: &Path,
    kind: RecordKind,
    options: &CasesOptions,
) -> Result<Vec<u8>, EvalError> {
    let text = files::read_text(path)?;
    let mut records = Vec::new();
    for (line, json) in (1..).zip(text.lines()) {
        let record: Record = serde_json::from_str(json).map_err(|error| EvalError::Case {
            path: path.into(),
            line,
            problem: format!("not a record (column {})", error.column()),
        })?;
        let is_wanted = options.source.is_empty() || options.source.contains(&record.source);
        let is_whole = match kind {
            RecordKind::Summarize => !record.document.is_empty() && !record.summary.is_empty(),
            RecordKind::Chat => !record.instruction.is_empty() && !record.output.is_empty(),
        };
        if is_wanted && is_whole {
            records.push((line, record));
        }
    }
    if records.is_empty() {
        return Err(EvalError::TextTooSmall {
            what: "record of this kind",
        });
    }
    let mut random = Random::new(number_of(&options.name));
    let kept = options.count.min(records.len());
    for at in 0..kept {
        let other = at + random.below(records.len() - at);
        records.swap(at, other);
    }
    records.truncate(kept);
    let id = |line: usize| format!("{}/{line}", options.name);
    match kind {
        RecordKind::Summarize => to_lines(
            &records
                .into_iter()
                .map(|(line, record)| SummaryCase {
                    id: id(line),
                    document: record.document,
                    summary: record.summary,
                })
                .collect::<Vec<_>>(),
        ),
        RecordKind::Chat => to_lines(
            &records
                .into_iter()
                .map(|(line, record)| ChatCase {
                    id: id(line),
                    question: record.instruction,
                    context: record.input,
                    answer: record.output,
                })
                .collect::<Vec<_>>(),
        ),
    }
}
