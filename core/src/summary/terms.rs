//! Sentences as vectors of words, weighted by how telling each word is.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation as _;

/// Words in more sentences than this tell nothing about one of them, and comparing all their pairs would be most of the
/// work (the upper cut-off of Luhn 1958, "The Automatic Creation of Literature Abstracts").
const MAX_SENTENCES_PER_TERM: usize = 200;

/// Terms of one sentence with their weights, sorted by term. Its Euclidean length is 1, or 0 without terms.
pub(super) type Vector = Vec<(u32, f32)>;

/// The sentences of a text as vectors.
#[derive(Debug, Clone)]
pub(super) struct Vectors {
    /// By sentence: its terms and how often each is in it.
    counts: Vec<Vec<(u32, u32)>>,
    /// By sentence.
    pub(super) rows: Vec<Vector>,
    /// Number of different terms.
    terms: usize,
}

impl Vectors {
    /// Words are those of UAX #29 in lower case; an ideograph is a word of its own.
    pub(super) fn new(sentences: &[String]) -> Self {
        let mut ids: HashMap<String, u32> = HashMap::new();
        let counts: Vec<Vec<(u32, u32)>> = sentences
            .iter()
            .map(|sentence| {
                let words = sentence.unicode_words().map(str::to_lowercase);
                let mut terms: Vec<u32> = words
                    .map(|word| {
                        let next = ids.len() as u32;
                        *ids.entry(word).or_insert(next)
                    })
                    .collect();
                terms.sort_unstable();
                let runs = terms.chunk_by(|a, b| a == b);
                runs.map(|run| (run[0], run.len() as u32)).collect()
            })
            .collect();
        Self::weighted(counts, ids.len())
    }

    /// Indices of the `max` sentences with the most frequent words on average, in order; all if there are no more.
    pub(super) fn most_typical(&self, max: usize) -> Vec<usize> {
        let mut indices: Vec<usize> = (0..self.counts.len()).collect();
        if indices.len() <= max {
            return indices;
        }
        let mut frequency = vec![0u32; self.terms];
        for &(term, count) in self.counts.iter().flatten() {
            frequency[term as usize] += count;
        }
        let typical: Vec<f32> = self
            .rows
            .iter()
            .map(|row| {
                let sum: u32 = row.iter().map(|&(term, _)| frequency[term as usize]).sum();
                sum as f32 / row.len().max(1) as f32
            })
            .collect();
        indices.sort_by(|&a, &b| typical[b].total_cmp(&typical[a]).then(a.cmp(&b)));
        indices.truncate(max);
        indices.sort_unstable();
        indices
    }

    /// Those of the sentences at `indices`, weighted anew.
    pub(super) fn only(self, indices: &[usize]) -> Self {
        if indices.len() == self.counts.len() {
            return self;
        }
        let counts = indices.iter().map(|&index| self.counts[index].clone());
        Self::weighted(counts.collect(), self.terms)
    }

    /// By term: the sentences that have it, with its weight there.
    pub(super) fn postings(&self) -> Vec<Vec<(u32, f32)>> {
        let mut postings = vec![Vec::new(); self.terms];
        for (index, row) in (0u32..).zip(&self.rows) {
            for &(term, weight) in row {
                postings[term as usize].push((index, weight));
            }
        }
        postings
    }

    /// Cosine of two sentences.
    pub(super) fn similarity(&self, a: usize, b: usize) -> f32 {
        let (mut a, mut b) = (self.rows[a].as_slice(), self.rows[b].as_slice());
        let mut sum = 0.0;
        while let ([(term_a, weight_a), rest_a @ ..], [(term_b, weight_b), rest_b @ ..]) = (a, b) {
            match term_a.cmp(term_b) {
                std::cmp::Ordering::Less => a = rest_a,
                std::cmp::Ordering::Greater => b = rest_b,
                std::cmp::Ordering::Equal => {
                    sum += weight_a * weight_b;
                    (a, b) = (rest_a, rest_b);
                }
            }
        }
        sum
    }

    /// Weights are tf-idf as in LexRank, the sentences of the text being the collection. One is added to their number, so
    /// that two sentences that share a word are alike even if there are no others.
    fn weighted(counts: Vec<Vec<(u32, u32)>>, terms: usize) -> Self {
        let mut sentences_with = vec![0usize; terms];
        for &(term, _) in counts.iter().flatten() {
            sentences_with[term as usize] += 1;
        }
        let collection = (counts.len() + 1) as f32;
        let row = |counts: &Vec<(u32, u32)>| {
            let mut row: Vector = counts
                .iter()
                .filter(|&&(term, _)| sentences_with[term as usize] <= MAX_SENTENCES_PER_TERM)
                .map(|&(term, count)| {
                    let idf = (collection / sentences_with[term as usize] as f32).ln();
                    (term, count as f32 * idf)
                })
                .collect();
            let length = row.iter().map(|(_, weight)| weight * weight).sum::<f32>();
            let length = length.sqrt();
            row.iter_mut().for_each(|(_, weight)| *weight /= length);
            row
        };
        let rows = counts.iter().map(row).collect();
        Self {
            counts,
            rows,
            terms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(sentences: &[&str]) -> Vectors {
        let sentences: Vec<String> = sentences.iter().map(|&text| text.to_owned()).collect();
        Vectors::new(&sentences)
    }

    #[test]
    fn similar_is_what_shares_rare_words() {
        let vectors = vectors(&[
            "the cat sat on the mat",
            "The CAT sat there",
            "the dog ran off",
            "quite another matter",
        ]);
        assert!((vectors.similarity(0, 0) - 1.0).abs() < 1e-5);
        assert!(vectors.similarity(0, 1) > vectors.similarity(0, 2));
        assert!(vectors.similarity(0, 2) > 0.0);
        assert_eq!(vectors.similarity(0, 3), 0.0);
        assert_eq!(vectors.similarity(1, 0), vectors.similarity(0, 1));
    }

    #[test]
    fn postings_are_the_rows_the_other_way_round() {
        let vectors = vectors(&["a b b", "b c", "d"]);
        let postings = vectors.postings();
        let from_rows: usize = vectors.rows.iter().map(Vec::len).sum();
        assert_eq!(postings.iter().map(Vec::len).sum::<usize>(), from_rows);
        for (term, posting) in (0..).zip(&postings) {
            for &(row, weight) in posting {
                assert!(vectors.rows[row as usize].contains(&(term, weight)));
            }
        }
    }

    #[test]
    fn of_too_many_sentences_the_typical_ones_are_kept() {
        let vectors = vectors(&["x y", "rain rain falls", "rain falls", "p q", "rain"]);
        assert_eq!(vectors.most_typical(3), [1, 2, 4]);
        assert_eq!(vectors.most_typical(5), [0, 1, 2, 3, 4]);
        assert_eq!(vectors.only(&[1, 4]).rows.len(), 2);
    }
}
