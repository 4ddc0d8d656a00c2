//! Places where the next words of a running sentence could be shown.

use std::collections::HashSet;

use sotto_core::protocol::FieldHints;

use super::places::{Place, Places};
use super::{Document, window};
use crate::arguments::CasesOptions;
use crate::cases::{CaretCase, CaretKind};
use crate::error::EvalError;
use crate::random::Random;

/// Where the caret is.
#[derive(Debug, Clone, Copy)]
enum At {
    /// Behind the space in front of a word.
    WordStart,
    /// Behind the word before, its space not typed yet.
    WordEnd,
    /// Behind some letters of a word.
    InWord,
    /// In a gap of a line that goes on.
    Gap,
}

/// In turn: half of the cases at a word's beginning, half in a word, one in ten with text behind the caret.
const TURNS: [At; 10] = [
    At::WordStart,
    At::InWord,
    At::WordStart,
    At::InWord,
    At::WordEnd,
    At::InWord,
    At::WordStart,
    At::InWord,
    At::InWord,
    At::Gap,
];

/// Makes the cases.
pub(super) fn make(
    documents: &[Document<'_>],
    options: &CasesOptions,
    random: &mut Random,
) -> Result<Vec<CaretCase>, EvalError> {
    let places = Places::new(documents);
    let mut used = HashSet::new();
    let mut cases = Vec::new();
    for (number, at) in TURNS.into_iter().cycle().take(options.insert).enumerate() {
        let fits = |place: &Place<'_>| {
            place.is_plain() && (!matches!(at, At::InWord) || place.text().chars().count() >= 3)
        };
        let Some(place) = places.find(random, &mut used, fits) else {
            break;
        };
        if let Some(case) = case(&place, at, random) {
            let id = format!("{}/{}/insert/{number}", options.name, place.document.number);
            cases.push(CaretCase { id, ..case });
        }
    }
    if cases.is_empty() && options.insert > 0 {
        return Err(EvalError::TextTooSmall {
            what: "running text",
        });
    }
    Ok(cases)
}

fn case(place: &Place<'_>, at: At, random: &mut Random) -> Option<CaretCase> {
    let (start, end) = (place.word.start, place.word.end);
    let (caret, group) = match at {
        At::WordStart | At::Gap => (start, "wordStart"),
        At::WordEnd => (place.before(start).trim_end_matches(' ').len(), "wordEnd"),
        At::InWord => {
            let letters: Vec<usize> = place.text().char_indices().map(|(at, _)| at).collect();
            // At least one typed, at least one to come.
            let typed = 1 + random.below(letters.len() - 1);
            let group = if typed < 3 { "shortStem" } else { "longStem" };
            (start + letters[typed], group)
        }
    };
    let (accept, after, group) = if matches!(at, At::Gap) {
        let rest = &place.line_after(end);
        // A gap has a word behind it.
        let after = rest
            .strip_prefix(' ')
            .filter(|rest| rest.starts_with(char::is_alphanumeric))?;
        (format!("{} ", place.text()), after.to_owned(), "gap")
    } else {
        (place.after(caret).to_owned(), String::new(), group)
    };
    Some(CaretCase {
        id: String::new(),
        before: window(place.before(caret)),
        after,
        kind: CaretKind::Insert,
        accept: vec![accept],
        field: FieldHints::default(),
        group: group.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_is_what_was_written() {
        let text = "The committee agreed to meet again on the first day of the next month in the old town hall.";
        let documents = [Document { number: 3, text }];
        let options = CasesOptions {
            text: None,
            records: None,
            kind: None,
            source: Vec::new(),
            out: std::path::PathBuf::new(),
            name: "t".into(),
            insert: 60,
            suppress: 0,
            passages: 0,
            count: 0,
        };
        let cases = make(&documents, &options, &mut Random::new(5)).expect("enough text");
        assert!(cases.len() > 10);
        for case in &cases {
            let accept = &case.accept[0];
            let whole = format!("{}{accept}{}", case.before, case.after);
            assert!(text.starts_with(&whole), "{whole:?}");
            assert!(case.id.starts_with("t/3/insert/"));
            assert_eq!(case.after.is_empty(), case.group != "gap");
        }
        for group in ["wordStart", "wordEnd", "shortStem", "longStem", "gap"] {
            assert!(cases.iter().any(|case| case.group == group), "{group}");
        }
        let again = make(&documents, &options, &mut Random::new(5)).expect("enough text");
        assert_eq!(cases, again);
    }
}
