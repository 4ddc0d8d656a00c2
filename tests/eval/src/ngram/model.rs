//! The smoothed model: at every context a distribution over all tokens.

use super::corpus::TokenCorpus;
use super::estimate::{Discounts, adjust, discounted};
use super::trie::Trie;

/// An interpolated n-gram model.
#[derive(Debug)]
pub(crate) struct NgramModel {
    trie: Trie,
    /// By level and node: discounted probability behind its context.
    probs: Vec<Vec<f32>>,
    /// By level and node, as a context: share that goes to the lower order.
    lefts: Vec<Vec<f32>>,
    /// The distribution without any context, by token.
    base: Vec<f32>,
    end_of_text: u16,
}

impl NgramModel {
    /// Counts and smooths.
    pub(crate) fn train(corpus: &TokenCorpus, order: u8) -> Self {
        use sotto_core::decode::Tokenizer as _;
        let vocab = corpus.tokenizer().vocab_size();
        Self::train_on(corpus.tokens(), vocab, order, corpus.end_of_text())
    }

    fn train_on(tokens: &[u16], vocab: usize, order: u8, end_of_text: u16) -> Self {
        let mut trie = Trie::count(tokens, usize::from(order), end_of_text);
        adjust(&mut trie, end_of_text);
        let mut probs: Vec<Vec<f32>> = Vec::new();
        let mut lefts: Vec<Vec<f32>> = Vec::new();
        let mut base = vec![0.0; vocab];
        for (at, level) in trie.levels.iter().enumerate() {
            let discounts = Discounts::of(level.counts.iter().copied());
            let mut own = vec![0.0; level.tokens.len()];
            if at == 0 {
                let all = 0..level.tokens.len();
                let left = discounted(level, all, discounts, &mut own);
                base.fill(left / vocab as f32);
                for (&token, prob) in level.tokens.iter().zip(&own) {
                    base[usize::from(token)] += prob;
                }
            } else {
                let contexts = 0..trie.levels[at - 1].tokens.len();
                let left = contexts
                    .map(|context| {
                        let range = trie.children(at - 1, context);
                        discounted(level, range.clone(), discounts, &mut own[range])
                    })
                    .collect();
                lefts.push(left);
            }
            probs.push(own);
        }
        // Counts are done with; they are a third of the memory.
        for level in &mut trie.levels {
            level.counts = Vec::new();
        }
        Self {
            trie,
            probs,
            lefts,
            base,
            end_of_text,
        }
    }

    /// Number of tokens in the vocabulary.
    pub(crate) fn vocab_size(&self) -> usize {
        self.base.len()
    }

    /// Distinct n-grams by order.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        let levels = self.trie.levels.iter();
        levels.map(|level| level.tokens.len()).collect()
    }

    /// Probabilities of all tokens behind `ids`. Only the last document counts.
    pub(crate) fn distribution(&self, ids: &[u32], out: &mut Vec<f32>) {
        out.clear();
        out.extend_from_slice(&self.base);
        let reach = ids.len().min(self.trie.levels.len() - 1);
        let mut ids = &ids[ids.len() - reach..];
        let end_of_text = u32::from(self.end_of_text);
        if let Some(last) = ids.iter().rposition(|&id| id == end_of_text) {
            ids = &ids[last..];
        }
        for len in 1..=ids.len() {
            let Some(node) = self.node(&ids[ids.len() - len..]) else {
                // A longer context that ends like this one cannot be known either.
                break;
            };
            let range = self.trie.children(len - 1, node);
            if range.is_empty() {
                break;
            }
            let left = self.lefts[len - 1][node];
            out.iter_mut().for_each(|prob| *prob *= left);
            let tokens = &self.trie.levels[len].tokens[range.clone()];
            for (&token, prob) in tokens.iter().zip(&self.probs[len][range]) {
                out[usize::from(token)] += prob;
            }
        }
    }

    /// The node of an n-gram.
    fn node(&self, ids: &[u32]) -> Option<usize> {
        let (&first, rest) = ids.split_first()?;
        let mut node = self.trie.root(u16::try_from(first).ok()?)?;
        for (level, &id) in rest.iter().enumerate() {
            node = self.trie.child(level, node, u16::try_from(id).ok()?)?;
        }
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn random_text(len: usize, vocab: usize) -> Vec<u16> {
        let mut random = Random::new(7);
        let mut text = vec![0_u16];
        for _ in 1..len {
            // Skewed, so that there is something to learn and every count from 1 to 4 occurs.
            let a = random.below(vocab);
            let b = random.below(vocab);
            text.push((a.min(b) as u16).wrapping_mul(3) % vocab as u16);
        }
        text
    }

    #[test]
    fn every_distribution_sums_to_one() {
        let text = random_text(3_000, 30);
        let model = NgramModel::train_on(&text, 32, 5, 0);
        let mut probs = Vec::new();
        for at in 0..200 {
            let ids: Vec<u32> = text[at..at + 6].iter().map(|&id| u32::from(id)).collect();
            model.distribution(&ids, &mut probs);
            let sum: f32 = probs.iter().sum();
            assert!((sum - 1.0).abs() < 1e-4, "{sum}");
            assert!(
                probs.iter().all(|&prob| prob > 0.0),
                "also what never occurred"
            );
        }
        model.distribution(&[31, 31, 31], &mut probs);
        assert_eq!(probs, model.base, "an unknown context");
    }

    /// The formulas of the paper, written down once more without any tree.
    #[test]
    fn probabilities_are_those_of_the_formula() {
        let text = random_text(400, 12);
        let model = NgramModel::train_on(&text, 12, 3, 0);
        let mut probs = Vec::new();
        for at in 2..60 {
            let context = &text[at - 2..at];
            let ids: Vec<u32> = context.iter().map(|&id| u32::from(id)).collect();
            model.distribution(&ids, &mut probs);
            for token in 0..12 {
                let expected = by_formula(&text, context, token);
                let found = f64::from(probs[usize::from(token)]);
                assert!(
                    (found - expected).abs() < 1e-5,
                    "{context:?} {token}: {found} {expected}"
                );
            }
        }
    }

    fn by_formula(text: &[u16], context: &[u16], token: u16) -> f64 {
        let context = match context.iter().rposition(|&id| id == 0) {
            Some(last) => &context[last..],
            None => context,
        };
        let count = |ngram: &[u16]| adjusted(text, ngram, 3);
        let order = context.len() + 1;
        let all = ngrams(text, order);
        let discounts = Discounts::of(all.iter().map(|ngram| count(ngram)));
        let off = |count: u32| {
            let mut probs = [0.0];
            let level = super::super::trie::Level {
                counts: vec![count],
                ..Default::default()
            };
            f64::from(discounted(&level, 0..1, discounts, &mut probs)) * f64::from(count)
        };
        let lower = |token| match context.split_first() {
            Some((_, rest)) => by_formula(text, rest, token),
            None => 1.0 / 12.0,
        };
        let followers: Vec<u32> = all
            .iter()
            .filter(|ngram| ngram.starts_with(context))
            .map(|ngram| count(ngram))
            .collect();
        let total: f64 = followers.iter().map(|&count| f64::from(count)).sum();
        if total == 0.0 {
            return lower(token);
        }
        let left: f64 = followers
            .iter()
            .map(|&count| if count > 0 { off(count) } else { 0.0 })
            .sum();
        let own = count(&[context, &[token]].concat());
        let own = if own > 0 {
            f64::from(own) - off(own)
        } else {
            0.0
        };
        own / total + left / total * lower(token)
    }

    /// Distinct n-grams that do not go beyond a document's end.
    fn ngrams(text: &[u16], order: usize) -> Vec<Vec<u16>> {
        let mut all: Vec<Vec<u16>> = text
            .windows(order)
            .filter(|ngram| order < 2 || !ngram[1..order - 1].contains(&0))
            .map(<[u16]>::to_vec)
            .collect();
        all.sort();
        all.dedup();
        all
    }

    fn adjusted(text: &[u16], ngram: &[u16], highest: usize) -> u32 {
        let begins = ngram.len() > 1 && ngram[0] == 0;
        let occurrences = || {
            text.windows(ngram.len())
                .filter(|window| *window == ngram)
                .count()
        };
        if ngram.len() == highest || begins {
            return occurrences() as u32;
        }
        ngrams(text, ngram.len() + 1)
            .iter()
            .filter(|longer| longer[1..] == *ngram)
            .count() as u32
    }
}
