//! What the user listed: found wherever it stands as whole words.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::fold::fold;
use super::scan::{Class, Scan};
use super::{Finding, Kind, Reason};

/// A name or word that the user listed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct OwnTerm {
    /// What to take it for.
    pub kind: Kind,
    /// As the user wrote it.
    pub text: String,
}

impl fmt::Debug for OwnTerm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The list is as private as the text.
        formatter
            .debug_struct("OwnTerm")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Words of the longest term.
const MAX_WORDS: usize = 16;

/// Every place where a term stands.
pub(super) fn find(scan: &Scan<'_>, terms: &[OwnTerm], found: &mut Vec<Finding>) {
    let mut by_first: HashMap<String, Vec<(Kind, Vec<String>)>> = HashMap::new();
    for term in terms {
        let mut words = words(&Scan::new(&term.text));
        if !words.is_empty() && words.len() <= MAX_WORDS {
            let first = words.remove(0);
            by_first.entry(first).or_default().push((term.kind, words));
        }
    }
    if by_first.is_empty() {
        return;
    }
    // Longer terms first: with `Anna` and `Anna Maria` listed, both words are one find.
    for terms in by_first.values_mut() {
        terms.sort_by_key(|(_, rest)| std::cmp::Reverse(rest.len()));
        terms.dedup();
    }
    let mut index = 0;
    while index < scan.tokens.len() {
        let matched = by_first.get(&fold(scan.str(index))).and_then(|terms| {
            terms
                .iter()
                .find_map(|(kind, rest)| Some((*kind, last_token(scan, index, rest)?)))
        });
        if let Some((kind, last)) = matched {
            let range = scan.tokens[index].start..scan.tokens[last].end;
            found.push(Finding::new(kind, range, 100, Reason::OwnList));
            index = last;
        }
        index += 1;
    }
}

fn words(scan: &Scan<'_>) -> Vec<String> {
    let tokens = 0..scan.tokens.len();
    let visible =
        tokens.filter(|&index| !matches!(scan.tokens[index].class, Class::Line | Class::Blank));
    visible.map(|index| fold(scan.str(index))).collect()
}

/// The last token of the term whose first word is the token `index`; a line end may stand between words.
fn last_token(scan: &Scan<'_>, index: usize, rest: &[String]) -> Option<usize> {
    let mut at = index;
    for word in rest {
        at += 1;
        if scan.get(at)?.class == Class::Line {
            at += 1;
        }
        if fold(scan.str(at)) != *word {
            return None;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, find};
    use super::*;

    #[test]
    fn listed_words_are_found_in_any_case() {
        let term = |text: &str| OwnTerm {
            kind: Kind::Person,
            text: text.to_owned(),
        };
        let settings = Settings {
            own_terms: vec![
                term("Quux"),
                term("Project Bluebird"),
                term("Zoë"),
                term(""),
            ],
        };
        let found = |text: &str| -> Vec<String> {
            let finds = find(text, &settings).into_iter();
            finds
                .filter(|find| find.reason == Reason::OwnList)
                .map(|find| text[find.range()].to_owned())
                .collect()
        };
        assert_eq!(
            found("quux told ZOE about project\nbluebird"),
            ["quux", "ZOE", "project\nbluebird"]
        );
        assert!(found("quuxes, project x").is_empty());
        assert!(!format!("{:?}", settings).contains("Quux"));
    }
}
