//! All results of a folder in one JSON file and one page of tables.

mod columns;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::arguments::TableOptions;
use crate::error::EvalError;
use crate::files;
use crate::report::write_json;
use columns::{As, TABLES};

/// Largest result file.
const MAX_RESULT_BYTES: u64 = 4 << 20;

/// Runs the command.
pub(crate) fn run(options: &TableOptions) -> Result<String, EvalError> {
    let mut results: BTreeMap<String, Value> = BTreeMap::new();
    for path in json_files(options)? {
        let bytes = files::read(&path, MAX_RESULT_BYTES)?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|source| EvalError::Result {
            path: path.clone(),
            source,
        })?;
        if value["command"].is_string() {
            let name = path.file_stem().unwrap_or_default();
            results.insert(name.to_string_lossy().into_owned(), value);
        }
    }
    if results.is_empty() {
        return Err(EvalError::NoCases {
            path: options.results.clone(),
        });
    }
    let page = page(&results);
    write_json(&options.json, &results)?;
    files::write(&options.markdown, page.as_bytes())?;
    Ok(page)
}

/// Result files, without the one that this command writes.
fn json_files(options: &TableOptions) -> Result<Vec<PathBuf>, EvalError> {
    let folder = &options.results;
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(files::failed(folder))? {
        let path = entry.map_err(files::failed(folder))?.path();
        let is_json = path
            .extension()
            .is_some_and(|extension| extension == "json");
        if is_json && path.file_name() != options.json.file_name() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn page(results: &BTreeMap<String, Value>) -> String {
    let mut page = String::new();
    for (heading, commands, columns) in TABLES {
        let rows: Vec<Vec<String>> = results
            .iter()
            .filter(|(_, value)| {
                commands.iter().any(|command| value["command"] == *command)
                    && !at(value, columns[0].1).is_null()
            })
            .map(|(name, value)| {
                let figures = columns
                    .iter()
                    .map(|(_, path, how)| written(at(value, path), *how));
                [name.clone(), of(value)]
                    .into_iter()
                    .chain(figures)
                    .collect()
            })
            .collect();
        if rows.is_empty() {
            continue;
        }
        // A column that nobody fills says nothing.
        let is_used = |at: usize| rows.iter().any(|row| row[at] != "-");
        let headings: Vec<&str> = ["result", "of"]
            .into_iter()
            .chain(columns.iter().map(|(name, ..)| *name))
            .collect();
        let used: Vec<usize> = (0..headings.len()).filter(|&at| is_used(at)).collect();
        let line = |cells: &dyn Fn(usize) -> String| {
            let cells: Vec<String> = used.iter().map(|&at| cells(at)).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        page += &format!("## {heading}\n\n");
        page += &line(&|at| headings[at].to_owned());
        page += &line(&|at| if at < 2 { "---" } else { "---:" }.to_owned());
        for row in &rows {
            page += &line(&|at| row[at].clone());
        }
        page += "\n";
    }
    page
}

/// What was measured: the pack's model, or a baseline.
fn of(value: &Value) -> String {
    match value["engine"].as_str() {
        Some("ngram") => "5-gram model".to_owned(),
        Some("frequency") => "most frequent word".to_owned(),
        _ => format!(
            "{} {}",
            value["pack"]["name"].as_str().unwrap_or("?"),
            value["pack"]["version"]
        ),
    }
}

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, key| &value[key])
}

fn written(value: &Value, how: As) -> String {
    match (value.as_f64(), how) {
        (None, _) => "-".to_owned(),
        (Some(value), As::Percent) => format!("{:.1} %", 100.0 * value),
        (Some(value), As::Digits(digits)) => format!("{value:.digits$}"),
        (Some(value), As::Count) => with_thousands(value as u64),
    }
}

fn with_thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut written = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_table_shows_what_was_measured() {
        let results = BTreeMap::from([
            (
                "valid-language".to_owned(),
                json!({"command": "language", "engine": "model", "pack": {"name": "tiny", "version": 2}, "bitsPerByte": 1.25, "recallAt1": 0.3, "words": 1234567}),
            ),
            (
                "valid-ngram".to_owned(),
                json!({"command": "ngram", "engine": "ngram", "bitsPerByte": 1.9, "recallAt1": 0.2}),
            ),
            (
                "valid-typing".to_owned(),
                json!({"command": "autocomplete", "engine": "model", "pack": {"name": "tiny", "version": 2}, "precisionWhenShown": null, "keystrokesSaved": 0.15}),
            ),
        ]);
        let page = page(&results);
        assert!(page.contains("| result | of | bits per byte | recall@1 | words |\n| --- | --- | ---: | ---: | ---: |\n"), "{page}");
        assert!(
            page.contains("| valid-language | tiny 2 | 1.2500 | 30.0 % | 1,234,567 |"),
            "{page}"
        );
        assert!(
            page.contains("| valid-ngram | 5-gram model | 1.9000 | 20.0 % | - |"),
            "{page}"
        );
        assert!(
            page.contains("## Typing") && !page.contains("## Suggestions"),
            "{page}"
        );
    }
}
