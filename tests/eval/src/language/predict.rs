//! What a model says of every token of a window.

use futures_lite::future::block_on;
use sotto_core::decode::Decoder as _;
use sotto_lm::LlamaDecoder;

use crate::error::EvalError;

/// What a model says before one token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Position {
    /// -ln p of the token that comes.
    pub(crate) nats: f64,
    /// The three most probable tokens, best first.
    pub(crate) best: [u32; 3],
}

/// A language model that reads a window at a time.
pub(crate) trait Predictor {
    /// Longest window, in tokens read.
    fn context(&self) -> usize;

    /// A position for each of `ids[1..]`, given all before it.
    fn predict(&mut self, ids: &[u32]) -> Result<Vec<Position>, EvalError>;
}

/// The pack's model.
pub(crate) struct LlamaPredictor {
    decoder: LlamaDecoder,
}

impl LlamaPredictor {
    pub(crate) fn new(decoder: LlamaDecoder) -> Self {
        Self { decoder }
    }
}

impl Predictor for LlamaPredictor {
    fn context(&self) -> usize {
        self.decoder.capacity()
    }

    fn predict(&mut self, ids: &[u32]) -> Result<Vec<Position>, EvalError> {
        let vocab = self.decoder.vocab_size();
        self.decoder.truncate(0);
        let Some((_, targets @ [_, ..])) = ids.split_first() else {
            return Ok(Vec::new());
        };
        let inputs = &ids[..targets.len()];
        let logits = block_on(self.decoder.prefill_all(inputs))?;
        let rows = logits.chunks_exact(vocab).zip(targets);
        Ok(rows
            .map(|(row, &target)| Position {
                nats: log_norm(row) - f64::from(row[target as usize]),
                best: best_three(row),
            })
            .collect())
    }
}

/// Natural logarithm of the sum of all exponentials. Summed in double precision: a text has half a million of these.
pub(crate) fn log_norm(logits: &[f32]) -> f64 {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits
        .iter()
        .map(|logit| f64::from((logit - max).exp()))
        .sum();
    f64::from(max) + sum.ln()
}

/// Indices of the three largest, the lowest of several first. There are at least three.
pub(crate) fn best_three(scores: &[f32]) -> [u32; 3] {
    let mut best = [(f32::NEG_INFINITY, u32::MAX); 3];
    for (at, &score) in (0..).zip(scores) {
        if score > best[2].0 {
            best[2] = (score, at);
            if score > best[1].0 {
                best.swap(1, 2);
                if score > best[0].0 {
                    best.swap(0, 1);
                }
            }
        }
    }
    best.map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_best_in_order() {
        assert_eq!(best_three(&[1.0, 5.0, 3.0, 5.0, 4.0]), [1, 3, 4]);
        assert_eq!(best_three(&[5.0, 4.0, 3.0]), [0, 1, 2]);
        assert_eq!(best_three(&[3.0, 4.0, 5.0]), [2, 1, 0]);
    }

    #[test]
    fn probabilities_sum_to_one() {
        let logits = [1000.0, 999.0, -1000.0];
        let norm = log_norm(&logits);
        let sum: f64 = logits.iter().map(|&l| (f64::from(l) - norm).exp()).sum();
        // The exponentials are of single precision.
        assert!((sum - 1.0).abs() < 1e-6);
    }
}
