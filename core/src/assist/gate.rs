//! Lets a summary out sentence by sentence, so that it streams and still nothing unsupported is ever shown.

use unicode_segmentation::UnicodeSegmentation as _;

use super::support::Source;
use crate::text::ends_sentence;

/// Lets those sentences pass that the source supports, each once.
pub(super) struct Gate<'a> {
    source: &'a Source,
    held: String,
    /// White space between what passed and what may pass next.
    space: String,
    passed: Vec<String>,
    /// Sentences that did not pass for want of support.
    pub(super) refused: usize,
}

impl<'a> Gate<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            source,
            held: String::new(),
            space: String::new(),
            passed: Vec::new(),
            refused: 0,
        }
    }

    /// Whether nothing passed.
    pub(super) fn is_empty(&self) -> bool {
        self.passed.is_empty()
    }

    /// Takes more text and gives what may pass of the sentences that are complete now.
    pub(super) fn push(&mut self, delta: &str) -> String {
        self.held.push_str(delta);
        let mut out = String::new();
        while let Some(end) = first_sentence(&self.held) {
            let sentence: String = self.held.drain(..end).collect();
            self.decide(&sentence, &mut out);
        }
        out
    }

    /// Takes what is left for a sentence.
    pub(super) fn finish(&mut self) -> String {
        let mut out = String::new();
        let sentence = std::mem::take(&mut self.held);
        self.decide(&sentence, &mut out);
        out
    }

    fn decide(&mut self, sentence: &str, out: &mut String) {
        let body = sentence.trim();
        let key = body.to_lowercase();
        // An empty line comes at the beginning of the sentence behind it.
        self.space
            .push_str(&sentence[..sentence.len() - sentence.trim_start().len()]);
        if body.is_empty() || self.passed.contains(&key) {
            return;
        }
        if !self.source.supports(sentence) {
            self.refused += 1;
            return;
        }
        if !self.passed.is_empty() {
            out.push_str(&self.space);
        }
        out.push_str(body);
        sentence[sentence.trim_end().len()..].clone_into(&mut self.space);
        self.passed.push(key);
    }
}

/// Where the first sentence of `text` ends, if more follows, so that it surely ended. A number with a full stop may be the
/// marker of an item, and an abbreviation no end.
fn first_sentence(text: &str) -> Option<usize> {
    let mut bounds = text
        .split_sentence_bound_indices()
        .map(|(at, _)| at)
        .skip(1);
    bounds.find(|&at| {
        let sentence = text[..at].trim_end();
        let stem = sentence.trim_end_matches('.');
        let is_abbreviation = stem.len() < sentence.len()
            && !stem.ends_with(char::is_numeric)
            && !ends_sentence(sentence);
        let is_line = text[..at].ends_with('\n');
        sentence.contains(char::is_alphabetic) && (is_line || !is_abbreviation)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn through(source: &str, deltas: &[&str]) -> (String, usize) {
        let source = Source::new(source);
        let mut gate = Gate::new(&source);
        let mut out: String = deltas.iter().map(|delta| gate.push(delta)).collect();
        out += &gate.finish();
        (out, gate.refused)
    }

    #[test]
    fn sentences_wait_until_they_are_whole() {
        let source = Source::new("Dr. Moss met Bob at 5.30 in room 3.");
        let mut gate = Gate::new(&source);
        assert_eq!(gate.push("Dr"), "");
        assert_eq!(gate.push(". Moss met"), "");
        assert_eq!(gate.push(" Bob. They"), "Dr. Moss met Bob.");
        assert_eq!(gate.push(" met in room 3. At"), " They met in room 3.");
        assert_eq!(gate.push(" 5.30\n1. Bo"), " At 5.30");
        assert_eq!(gate.push("b left\n"), "");
        assert_eq!(gate.finish(), "\n1. Bob left");
        assert!(!gate.is_empty() && gate.refused == 0);
    }

    #[test]
    fn what_is_refused_leaves_no_trace() {
        for (deltas, expected) in [
            (
                &["It is alpha. In Rome", " it is beta. It is beta."][..],
                "It is alpha. It is beta.",
            ),
            (&["In Rome it is."], ""),
            (
                &["It is alpha.\n\nIt is 7.\nIt is beta."],
                "It is alpha.\n\nIt is beta.",
            ),
        ] {
            assert_eq!(through("alpha beta", deltas), (expected.to_owned(), 1));
        }
    }

    #[test]
    fn the_same_is_not_said_twice() {
        let said = through(
            "alpha beta",
            &["It is alpha. It is beta. It is ALPHA. It is alpha."],
        );
        assert_eq!(said, ("It is alpha. It is beta.".to_owned(), 0));
    }

    proptest! {
        #[test]
        fn how_the_text_comes_in_pieces_does_not_matter(text in "([A-Za-z]{1,5}[ .,\n]|Dr\\. |[0-9]\\. ){0,25}", cuts in proptest::collection::vec(0usize..200, 0..10)) {
            let source = "Alpha beta Dr. 1 2 3";
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect();
            prop_assert_eq!(through(source, &pieces), through(source, &[text.as_str()]));
        }
    }
}
