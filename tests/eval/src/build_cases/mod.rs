//! Makes cases from text, the same ones every time: which, is decided by the name and the place in the file.

mod insert;
mod passages;
mod places;
mod probes;
mod records;
mod suppress;

use sotto_core::protocol::MAX_BEFORE_UTF16;
use sotto_core::text::tail_utf16;

use crate::arguments::{CasesOptions, RecordKind};
use crate::cases::{AutocompleteCase, TextCase, to_lines};
use crate::error::EvalError;
use crate::files;
use crate::random::{Random, number_of};

/// A document with its place in the file.
pub(crate) struct Document<'a> {
    number: usize,
    text: &'a str,
}

/// Runs the command.
pub(crate) fn run(options: &CasesOptions) -> Result<String, EvalError> {
    match (&options.records, options.kind, &options.text) {
        (Some(path), Some(kind), _) => {
            let cases = records::make(path, kind, options)?;
            let kind = match kind {
                RecordKind::Summarize => "summarize",
                RecordKind::Chat => "chat",
            };
            write(options, kind, &cases)
        }
        (_, _, Some(path)) => {
            let text = files::read_text(path)?;
            prose(options, &text)
        }
        // clap asks for one of them.
        _ => Err(EvalError::TextTooSmall { what: "file" }),
    }
}

fn prose(options: &CasesOptions, text: &str) -> Result<String, EvalError> {
    let documents: Vec<Document<'_>> = files::documents(text)
        .into_iter()
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
        .map(|(number, text)| Document { number, text })
        .collect();
    let language: Vec<TextCase> = documents
        .iter()
        .map(|document| TextCase {
            id: format!("{}/{}", options.name, document.number),
            text: document.text.to_owned(),
        })
        .collect();
    let mut random = Random::new(number_of(&options.name));
    let mut carets = insert::make(&documents, options, &mut random)?;
    carets.extend(suppress::make(&documents, options, &mut random)?);
    let carets: Vec<AutocompleteCase> = carets.into_iter().map(AutocompleteCase::Caret).collect();
    let typing = passages::make(&documents, options, &mut random)?;
    let typing: Vec<AutocompleteCase> = typing.into_iter().map(AutocompleteCase::Passage).collect();
    write(options, "language", &to_lines(&language)?)?;
    write(options, "autocomplete", &to_lines(&carets)?)?;
    write(options, "typing", &to_lines(&typing)?)?;
    Ok(format!(
        "{}: {} documents, {} carets, {} passages",
        options.name,
        language.len(),
        carets.len(),
        typing.len()
    ))
}

fn write(options: &CasesOptions, kind: &str, lines: &[u8]) -> Result<String, EvalError> {
    let path = options.out.join(format!("{}-{kind}.jsonl", options.name));
    files::write(&path, lines)?;
    let count = lines.iter().filter(|&&byte| byte == b'\n').count();
    Ok(format!("{}: {count} cases", path.display()))
}

/// As much of the text before a caret as the content script sends.
fn window(before: &str) -> String {
    tail_utf16(before, MAX_BEFORE_UTF16 as usize).to_owned()
}
