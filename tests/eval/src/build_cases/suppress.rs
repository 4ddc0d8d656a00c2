//! Places where nothing should be shown.

use std::collections::HashSet;

use sotto_core::protocol::FieldHints;

use super::places::{Place, Places};
use super::probes::{NON_LATIN, SECRETS};
use super::{Document, window};
use crate::arguments::CasesOptions;
use crate::cases::{CaretCase, CaretKind};
use crate::error::EvalError;
use crate::random::Random;

/// What kinds there are, in turn.
const GROUPS: [&str; 8] = [
    "insideWord",
    "noContext",
    "secret",
    "numberStem",
    "beforeNumber",
    "beforeName",
    "nonLatin",
    "notAWord",
];

/// Makes the cases; as many of each kind as the text has places for.
pub(super) fn make(
    documents: &[Document<'_>],
    options: &CasesOptions,
    random: &mut Random,
) -> Result<Vec<CaretCase>, EvalError> {
    let places = Places::new(documents);
    let mut used = HashSet::new();
    let mut seen = HashSet::new();
    let mut cases = Vec::new();
    for (number, group) in GROUPS
        .into_iter()
        .cycle()
        .take(options.suppress)
        .enumerate()
    {
        let found = match group {
            "secret" => probe(SECRETS, random),
            "nonLatin" => probe(NON_LATIN, random),
            "noContext" => no_context(documents, random),
            _ => of_place(group, &places, &mut used, random),
        };
        let Some((document, before, after)) = found else {
            continue;
        };
        if !seen.insert((before.clone(), after.clone())) {
            continue;
        }
        cases.push(CaretCase {
            id: format!("{}/{document}/suppress/{number}", options.name),
            before,
            after,
            kind: CaretKind::Suppress,
            accept: Vec::new(),
            field: FieldHints::default(),
            group: group.to_owned(),
        });
    }
    Ok(cases)
}

/// Number of the document, text before, text after.
type Found = (usize, String, String);

fn of_place(
    group: &str,
    places: &Places<'_>,
    used: &mut HashSet<(usize, usize)>,
    random: &mut Random,
) -> Option<Found> {
    let long = |place: &Place<'_>| place.is_plain() && place.text().len() >= 5;
    let fits: &dyn Fn(&Place<'_>) -> bool = match group {
        "numberStem" => &|place| place.is_number() && place.text().len() >= 2,
        "beforeNumber" => &|place| place.is_number(),
        "beforeName" => &|place| place.is_name(),
        _ => &long,
    };
    let place = places.find(random, used, fits)?;
    let (start, end) = (place.word.start, place.word.end);
    let letters: Vec<usize> = place.text().char_indices().map(|(at, _)| at).collect();
    let typed = |random: &mut Random| start + letters[1 + random.below(letters.len() - 1)];
    let (before, after) = match group {
        "insideWord" => {
            let caret = typed(random);
            (
                window(place.before(caret)),
                place.line_after(caret).to_owned(),
            )
        }
        "numberStem" => (window(place.before(typed(random))), String::new()),
        // A stem that begins no word: what was typed by mistake is not to be completed.
        "notAWord" => {
            let kept = start + letters[2];
            let wrong = random.one_of(&["qx", "zxj", "vvk", "xqz", "jjx"])?;
            (
                format!("{}{wrong}", window(place.before(kept))),
                String::new(),
            )
        }
        _ => (window(place.before(start)), String::new()),
    };
    debug_assert!(end > start);
    Some((place.document.number, before, after))
}

/// An empty field, a fresh line without anything above, or the first letter of a text.
fn no_context(documents: &[Document<'_>], random: &mut Random) -> Option<Found> {
    let document = random.one_of(documents)?;
    let first = document.text.chars().next()?;
    let before = match random.below(4) {
        0 => String::new(),
        1 => "\n".repeat(1 + random.below(6)),
        2 => " ".repeat(1 + random.below(6)),
        _ => first.to_string(),
    };
    Some((document.number, before, String::new()))
}

fn probe(texts: &[&str], random: &mut Random) -> Option<Found> {
    let text = random.one_of(texts)?;
    let (before, _) = text.split_once('|').unwrap_or((text, ""));
    // Texts with a bar end there; the others anywhere behind their first half.
    let cut = if text.contains('|') {
        before.len()
    } else {
        let ends: Vec<usize> = before
            .char_indices()
            .map(|(at, _)| at)
            .skip(before.chars().count() / 2)
            .collect();
        *random.one_of(&ends)?
    };
    Some((0, before[..cut].to_owned(), String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_cases() {
        let text = "We met Anna and then 27 others in Berlin on the evening before the great meeting began at 1830 sharp.";
        let documents = [Document { number: 0, text }];
        let options = CasesOptions {
            text: None,
            records: None,
            kind: None,
            source: Vec::new(),
            out: std::path::PathBuf::new(),
            name: "t".into(),
            insert: 0,
            suppress: 80,
            passages: 0,
            count: 0,
        };
        let cases = make(&documents, &options, &mut Random::new(5)).expect("made");
        for group in GROUPS {
            let own: Vec<&CaretCase> = cases.iter().filter(|case| case.group == group).collect();
            assert!(!own.is_empty(), "{group}");
            for case in own {
                match group {
                    "insideWord" => assert!(
                        text.contains(&format!("{}{}", case.before, case.after))
                            && !case.after.is_empty()
                    ),
                    "numberStem" => {
                        assert!(case.before.ends_with(|char: char| char.is_ascii_digit()))
                    }
                    "beforeNumber" | "beforeName" => assert!(case.before.ends_with(' ')),
                    _ => {}
                }
            }
        }
    }
}
