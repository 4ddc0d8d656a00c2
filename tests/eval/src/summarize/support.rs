//! Names and numbers of a summary that are not in its source.
//!
//! Counted here once more and more strictly than `core::assist` filters: the same word, no matter its case, or it is
//! unsupported. So what the filter lets pass shows.

use std::collections::HashSet;

use crate::report::share;

/// Counts over summaries.
#[derive(Debug, Default)]
pub(super) struct Support {
    facts: usize,
    unsupported: usize,
}

impl Support {
    /// Counts the facts of one summary.
    pub(super) fn add(&mut self, source: &str, summary: &str) {
        let known: HashSet<String> = words(source).map(|(word, _)| fold(word)).collect();
        for (word, opens) in words(summary) {
            let is_number = word.contains(|char: char| char.is_ascii_digit());
            let is_name = !opens && word.len() > 1 && word.starts_with(char::is_uppercase);
            if is_number || is_name {
                self.facts += 1;
                self.unsupported += usize::from(!known.contains(&fold(word)));
            }
        }
    }

    /// Share of the facts that the sources do not have.
    pub(super) fn rate(&self) -> Option<f64> {
        share(self.unsupported, self.facts)
    }
}

/// Words, and whether each is the first of a sentence or line.
fn words(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut opens = true;
    text.split_inclusive(char::is_whitespace)
        .filter_map(move |piece| {
            let word = piece.trim_matches(|char: char| !char.is_alphanumeric());
            let is_first = opens;
            let trimmed = piece.trim_end_matches(['"', '\'', '”', '’', ')', ' ', '\n', '\t']);
            opens = trimmed.ends_with(['.', '!', '?', ':', ';'])
                || piece.ends_with('\n')
                || (word.is_empty() && opens);
            (!word.is_empty()).then_some((word, is_first))
        })
}

/// In lower case, without a possessive ending and without separators of thousands.
fn fold(word: &str) -> String {
    let word = word.to_lowercase().replace('’', "'");
    let word = word.strip_suffix("'s").unwrap_or(&word);
    if word.starts_with(|char: char| char.is_ascii_digit()) {
        word.replace(',', "")
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_that_the_source_lacks() {
        let source = "In 2019 the mayor of Springfield, Ana Lopez, spent $1,250 on roads.";
        let count = |summary: &str| {
            let mut support = Support::default();
            support.add(source, summary);
            (support.unsupported, support.facts)
        };
        assert_eq!(
            count("The mayor Ana Lopez spent 1250 dollars. Roads came."),
            (0, 3)
        );
        assert_eq!(count("In 2020 the mayor of Shelbyville left."), (2, 2));
        assert_eq!(count("Springfield's mayor paid."), (0, 0));
        assert_eq!(count("- Roads\n- Money"), (0, 0));
        assert_eq!(Support::default().rate(), None);
    }
}
