//! The findings of a text after changes that name texts and not places.

use std::collections::HashSet;

use super::resolve::resolve;
use super::{Finding, Kind, Reason, Settings, find};

/// The personal data of `text`, without what is in `lifted` and with every place where something of `added` stands, be it
/// within a word. What is in both is found: when in doubt it stays here. Linear in the text for each of `added`.
pub fn edited(
    text: &str,
    settings: &Settings,
    lifted: &[String],
    added: &[String],
) -> Vec<Finding> {
    let mut found = find(text, settings);
    if !lifted.is_empty() {
        let lifted: HashSet<&str> = lifted.iter().map(String::as_str).collect();
        found.retain(|finding| !lifted.contains(&text[finding.range()]));
    }
    if added.is_empty() {
        return found;
    }
    let places = added
        .iter()
        .filter(|added| !added.is_empty())
        .flat_map(|added| {
            text.match_indices(added.as_str())
                .map(|(start, place)| start..start + place.len())
        });
    found.extend(places.map(|place| Finding::new(Kind::Other, place, 100, Reason::Marked)));
    resolve(text, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, lifted: &[&str], added: &[&str]) -> Vec<String> {
        let owned = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        };
        edited(text, &Settings::default(), &owned(lifted), &owned(added))
            .iter()
            .map(|finding| text[finding.range()].to_owned())
            .collect()
    }

    #[test]
    fn texts_are_lifted_and_added_wherever_they_stand() {
        let text = "anna@example.org wrote to anna@example.org of bluebirds and Bluebird.";
        assert_eq!(pieces(text, &[], &[]), ["anna@example.org"; 2]);
        assert!(pieces(text, &["anna@example.org"], &[]).is_empty());
        assert!(
            pieces(text, &["anna"], &[]).len() == 2,
            "a part lifts nothing"
        );
        assert_eq!(
            pieces(text, &["anna@example.org"], &["bluebird", "Bluebird", ""]),
            ["bluebird", "Bluebird"]
        );
        assert_eq!(
            pieces(text, &["bluebird"], &["bluebird"])[2],
            "bluebird",
            "what is hidden and lifted is hidden"
        );
    }

    #[test]
    fn texts_that_overlap_leave_nothing_uncovered() {
        let all = pieces("abcdef", &[], &["abcd", "cdef", "bc"]).concat();
        assert_eq!(all, "abcdef");
    }
}
