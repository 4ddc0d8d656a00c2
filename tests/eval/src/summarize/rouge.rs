//! ROUGE: how much two texts have in common.
//!
//! # Source
//! C.-Y. Lin, *ROUGE: A Package for Automatic Evaluation of Summaries*, 2004: n-gram co-occurrence, and the longest common
//! subsequence of the whole summary; F1. Words as Google's `rouge-score` cuts them: runs of `a-z` and digits in lower case.
//! No stemming, which raises all figures by a point or two: there is no maintained crate with Porter's first algorithm, and
//! the comparison with lead-3 and the extractive summary does not depend on it.

use std::collections::HashMap;

/// F1 of one-word and two-word sequences and of the longest common subsequence.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rouge {
    pub(crate) one: f64,
    pub(crate) two: f64,
    pub(crate) longest: f64,
}

impl Rouge {
    /// Compares a text with a reference.
    pub(crate) fn of(text: &str, reference: &str) -> Self {
        let (text, reference) = (words(text), words(reference));
        Self {
            one: ngrams(&text, &reference, 1),
            two: ngrams(&text, &reference, 2),
            longest: f1(
                common_subsequence(&text, &reference),
                text.len(),
                reference.len(),
            ),
        }
    }

    /// Adds another one.
    pub(crate) fn add(&mut self, other: &Self) {
        self.one += other.one;
        self.two += other.two;
        self.longest += other.longest;
    }

    /// Divided by `count`.
    pub(crate) fn mean(&self, count: usize) -> Self {
        let count = count.max(1) as f64;
        Self {
            one: self.one / count,
            two: self.two / count,
            longest: self.longest / count,
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower
        .split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn ngrams(text: &[String], reference: &[String], n: usize) -> f64 {
    let mut counts: HashMap<&[String], usize> = HashMap::new();
    for ngram in reference.windows(n) {
        *counts.entry(ngram).or_default() += 1;
    }
    let mut common = 0;
    for ngram in text.windows(n) {
        if let Some(count) = counts.get_mut(ngram).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    let size = |words: &[String]| (words.len() + 1).saturating_sub(n);
    f1(common, size(text), size(reference))
}

fn common_subsequence(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for word in a {
        let mut diagonal = 0;
        for (at, other) in b.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if word == other {
                diagonal + 1
            } else {
                above.max(row[at])
            };
            diagonal = above;
        }
    }
    row[b.len()]
}

fn f1(common: usize, text: usize, reference: usize) -> f64 {
    if common == 0 {
        return 0.0;
    }
    2.0 * common as f64 / (text + reference) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lin_s_own_example() {
        // Section 3.1 of the paper: "police killed the gunman" against "police kill the gunman" and "the gunman kill police".
        let reference = "police killed the gunman";
        let close = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}")
        };
        let second = Rouge::of("police kill the gunman", reference);
        let third = Rouge::of("the gunman kill police", reference);
        close(second.longest, 0.75);
        close(third.longest, 0.5);
        close(second.two, third.two);
        close(second.two, 1.0 / 3.0);
        close(second.one, 0.75);
    }

    #[test]
    fn case_and_punctuation_do_not_count() {
        assert_eq!(Rouge::of("The END, of it.", "the end of it").two, 1.0);
        assert_eq!(Rouge::of("", "the end"), Rouge::default());
        assert_eq!(Rouge::of("word", "").one, 0.0);
        assert!((Rouge::of("a a a", "a").one - 0.5).abs() < 1e-9, "clipped");
    }
}
