//! Passages for the typing simulation: the beginnings of short texts, stretches of long ones.

use super::Document;
use crate::arguments::CasesOptions;
use crate::cases::TextCase;
use crate::error::EvalError;
use crate::random::Random;

/// Shortest and longest passage, in characters: from a short message to a long one.
const MIN_CHARS: usize = 120;
const MAX_CHARS: usize = 700;

/// Makes the passages, at most one of a document.
pub(super) fn make(
    documents: &[Document<'_>],
    options: &CasesOptions,
    random: &mut Random,
) -> Result<Vec<TextCase>, EvalError> {
    let mut order: Vec<&Document<'_>> = documents.iter().collect();
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last + 1));
    }
    let passages: Vec<TextCase> = order
        .into_iter()
        .filter_map(|document| {
            let text = passage(document.text, random)?;
            Some(TextCase {
                id: format!("{}/{}/passage", options.name, document.number),
                text: text.to_owned(),
            })
        })
        .take(options.passages)
        .collect();
    if passages.is_empty() && options.passages > 0 {
        return Err(EvalError::TextTooSmall { what: "passage" });
    }
    Ok(passages)
}

/// Whole paragraphs from one of them on, or the first sentences of one that is too long.
fn passage<'a>(text: &'a str, random: &mut Random) -> Option<&'a str> {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(
            text.match_indices("\n\n")
                .map(|(at, found)| at + found.len()),
        )
        .filter(|&start| text[start..].chars().nth(MIN_CHARS).is_some())
        .collect();
    let rest = &text[*random.one_of(&starts)?..];
    let limit = rest
        .char_indices()
        .nth(MAX_CHARS)
        .map_or(rest.len(), |(at, _)| at);
    let head = &rest[..limit];
    let end = if limit == rest.len() {
        limit
    } else {
        ["\n\n", ". ", " "]
            .iter()
            .find_map(|cut| {
                head.rfind(cut)
                    .filter(|&at| at >= limit / 2)
                    .map(|at| at + usize::from(*cut == ". "))
            })
            .unwrap_or(limit)
    };
    Some(head[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_end_where_the_text_pauses() {
        let mut random = Random::new(1);
        assert_eq!(passage("Too short.", &mut random), None);
        let short = "A short message of some words. ".repeat(6);
        assert_eq!(passage(&short, &mut random), Some(short.trim_end()));
        let long = "One sentence of a long text. ".repeat(100);
        let found = passage(&long, &mut random).expect("long enough");
        assert!(
            found.ends_with("text.") && (MIN_CHARS..=MAX_CHARS).contains(&found.chars().count())
        );
        let paragraphs = format!("{}\n\n{}", "é".repeat(500), "ü".repeat(500));
        let found = passage(&paragraphs, &mut random).expect("long enough");
        assert_eq!(found.chars().count(), 500);
    }
}
