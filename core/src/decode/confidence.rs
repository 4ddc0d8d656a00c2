//! Logits to log-probabilities, and how sure they are.

use crate::vector::{argmax, exp_sums, max};

/// Normalised logits of one position.
#[derive(Debug, Clone, PartialEq)]
pub struct LogProbs {
    logits: Vec<f32>,
    /// Natural logarithm of the sum of all exponentials.
    log_norm: f32,
    /// See [`TokenConfidence::entropy`].
    entropy: f32,
}

/// How sure the model is of one token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenConfidence {
    /// Natural logarithm of its probability.
    pub log_prob: f32,
    /// Entropy of the whole distribution, in nats: 0 is certain.
    pub entropy: f32,
    /// How much more probable it is than the best other token; negative if it is not the best.
    pub margin: f32,
}

impl LogProbs {
    /// Normalises `logits`; `None` if they are empty, hold NaN or +infinity, or are all -infinity: nothing that a
    /// working engine gives.
    pub fn new(logits: Vec<f32>) -> Option<Self> {
        // One pass over the vocabulary for both: it takes longer than anything else here.
        let largest = max(&logits);
        // What vector instructions make of NaN is up to the machine.
        if logits.iter().fold(false, |any, logit| any | logit.is_nan()) {
            return None;
        }
        let (sum, weighted) = exp_sums(&logits, largest);
        let log_norm = largest + sum.ln();
        log_norm.is_finite().then(|| Self {
            logits,
            log_norm,
            // The sum of -p ln p, where p = e^d / sum: ln sum - sum of d e^d / sum.
            entropy: (sum.ln() - weighted / sum).max(0.0),
        })
    }

    /// Natural logarithm of the probability of `token`; -infinity beyond the vocabulary.
    pub fn log_prob(&self, token: u32) -> f32 {
        self.logits
            .get(token as usize)
            .map_or(f32::NEG_INFINITY, |logit| logit - self.log_norm)
    }

    /// The most probable token; the lowest id of several.
    pub fn best(&self) -> u32 {
        let best = argmax(&self.logits).expect("there are logits");
        best as u32
    }

    /// The logits as the engine gave them.
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// How sure the model is of `token`.
    pub fn confidence(&self, token: u32) -> TokenConfidence {
        let log_prob = self.log_prob(token);
        let (before, after) = self.logits.split_at(self.logits.len().min(token as usize));
        let other = max(before).max(max(after.get(1..).unwrap_or_default()));
        TokenConfidence {
            log_prob,
            entropy: self.entropy,
            margin: log_prob.exp() - (other - self.log_norm).exp(),
        }
    }

    /// Entropy of the whole distribution, in nats.
    pub fn entropy(&self) -> f32 {
        self.entropy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one() {
        let log_probs = LogProbs::new(vec![1000.0, 999.0, f32::NEG_INFINITY, -5.0]).unwrap();
        let sum: f32 = (0..4).map(|token| log_probs.log_prob(token).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        assert_eq!(log_probs.best(), 0);
        assert_eq!(log_probs.log_prob(4), f32::NEG_INFINITY);
    }

    #[test]
    fn entropy_and_margin() {
        let even = LogProbs::new(vec![0.5; 4]).unwrap().confidence(1);
        assert!((even.entropy - 4f32.ln()).abs() < 1e-5);
        assert!(even.margin.abs() < 1e-6);
        let sure = LogProbs::new(vec![50.0, 0.0]).unwrap().confidence(0);
        assert!(sure.entropy < 1e-6 && sure.margin > 0.999);
        let single = LogProbs::new(vec![3.0]).unwrap().confidence(0);
        assert_eq!((single.log_prob, single.margin), (0.0, 1.0));
    }

    #[test]
    fn broken_logits_are_refused() {
        for logits in [
            vec![],
            vec![0.0, f32::NAN],
            vec![f32::INFINITY, 0.0],
            vec![f32::NEG_INFINITY; 3],
            vec![f32::NAN],
        ] {
            assert!(LogProbs::new(logits).is_none());
        }
    }
}
