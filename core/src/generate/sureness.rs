//! How sure the model was of a text, kept while the text is made.

use std::collections::BTreeSet;

use crate::decode::LogProbs;
use crate::protocol::AnswerConfidence;

/// Length of the sequences whose repetition is counted, in tokens: long enough that prose rarely repeats one.
const SEQUENCE: usize = 4;

/// Sums over the tokens of one or more texts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sureness {
    tokens: u32,
    repeated: u32,
    log_prob: f64,
    entropy: f64,
    seen: BTreeSet<[u32; SEQUENCE]>,
}

impl Sureness {
    /// Takes the last of `chosen`, which was chosen from `log_probs`.
    pub fn push(&mut self, chosen: &[u32], log_probs: &LogProbs) {
        let Some(&token) = chosen.last() else { return };
        self.tokens = self.tokens.saturating_add(1);
        self.log_prob += f64::from(log_probs.log_prob(token));
        self.entropy += f64::from(log_probs.entropy());
        if let Some(&sequence) = chosen.last_chunk::<SEQUENCE>() {
            self.repeated += u32::from(!self.seen.insert(sequence));
        }
    }

    /// Adds what another text came to.
    pub fn add(&mut self, other: &Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.repeated = self.repeated.saturating_add(other.repeated);
        self.log_prob += other.log_prob;
        self.entropy += other.entropy;
    }

    /// The means; `None` for no token, or figures that no working engine gives.
    pub fn confidence(&self) -> Option<AnswerConfidence> {
        let mean = |sum: f64| (sum / f64::from(self.tokens)) as f32;
        let confidence = AnswerConfidence {
            mean_log_prob: mean(self.log_prob),
            mean_entropy: mean(self.entropy),
            repeated_share: mean(f64::from(self.repeated)),
        };
        let is_sound = confidence.mean_log_prob.is_finite() && confidence.mean_entropy.is_finite();
        (self.tokens > 0 && is_sound).then_some(confidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even() -> LogProbs {
        LogProbs::new(vec![0.0; 8]).unwrap()
    }

    fn of(tokens: &[u32], log_probs: &LogProbs) -> Sureness {
        let mut sureness = Sureness::default();
        for end in 1..=tokens.len() {
            sureness.push(&tokens[..end], log_probs);
        }
        sureness
    }

    #[test]
    fn means_are_those_of_the_distributions() {
        let confidence = of(&[1, 2, 3], &even()).confidence().unwrap();
        assert!((confidence.mean_log_prob + 8f32.ln()).abs() < 1e-5);
        assert!((confidence.mean_entropy - 8f32.ln()).abs() < 1e-5);
        assert_eq!(confidence.repeated_share, 0.0);
        let sure = LogProbs::new(vec![50.0, 0.0]).unwrap();
        let confidence = of(&[0, 0], &sure).confidence().unwrap();
        assert!(confidence.mean_log_prob > -1e-5 && confidence.mean_entropy < 1e-5);
    }

    #[test]
    fn repeated_sequences_are_counted() {
        let confidence = of(&[1, 2, 3, 4, 1, 2, 3, 4], &even()).confidence().unwrap();
        assert_eq!(confidence.repeated_share, 1.0 / 8.0);
        let confidence = of(&[5; 8], &even()).confidence().unwrap();
        assert_eq!(confidence.repeated_share, 4.0 / 8.0);
    }

    #[test]
    fn several_texts_weigh_by_their_length() {
        let mut sum = of(&[1], &even());
        sum.add(&of(&[0, 0, 0], &LogProbs::new(vec![50.0, 0.0]).unwrap()));
        let confidence = sum.confidence().unwrap();
        assert!((confidence.mean_log_prob + 8f32.ln() / 4.0).abs() < 1e-5);
    }

    #[test]
    fn nothing_and_nonsense_have_no_confidence() {
        assert_eq!(Sureness::default().confidence(), None);
        let impossible = LogProbs::new(vec![f32::NEG_INFINITY, 0.0]).unwrap();
        assert_eq!(of(&[0], &impossible).confidence(), None);
        assert_eq!(
            of(&[99], &even()).confidence(),
            None,
            "beyond the vocabulary"
        );
    }
}
