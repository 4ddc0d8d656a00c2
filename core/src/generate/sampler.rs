//! Choosing a token from log-probabilities.

use crate::decode::LogProbs;

/// Tokens less probable than the best by this many nats are never chosen: together they are below one in ten million
/// for any vocabulary, and leaving them out saves sorting them.
const NEGLIGIBLE_NATS: f32 = 30.0;

/// How a token is chosen. The steps apply in the order of the fields, as in Hugging Face transformers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Logits of tokens that the answer already has are divided by this if positive, multiplied if negative. 1 is off.
    ///
    /// # Source
    /// Keskar et al. 2019, "CTRL", section 4.1. The prompt is left out: a summary uses the words of its text.
    pub repetition_penalty: f32,
    /// Logits are divided by this; 0 takes the best token always, and the fields below do nothing.
    pub temperature: f32,
    /// Only this many of the best tokens; 0 is off.
    pub top_k: usize,
    /// Only the best tokens that together have this probability; 1 is off.
    ///
    /// # Source
    /// Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", section 3.1.
    pub top_p: f32,
    /// Only tokens with at least this share of the best one's probability; 0 is off.
    ///
    /// # Source
    /// Nguyen et al. 2024, "Turning Up the Heat: Min-p Sampling".
    pub min_p: f32,
}

impl Sampling {
    /// The best token always.
    pub const GREEDY: Self = Self {
        repetition_penalty: 1.0,
        temperature: 0.0,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.0,
    };
}

/// A small generator of random numbers: fast, of known quality, the same on every platform. Not for secrets.
///
/// # Source
/// Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators"; constants of `java.util.SplittableRandom`.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// Starts at `seed`; every seed is good.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// The next number of `0.0..1.0`, with the 24 bits that an `f32` holds.
    pub fn next_f32(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1u32 << 24) as f32
    }
}

/// Chooses tokens one after the other.
#[derive(Debug, Clone)]
pub struct Sampler {
    sampling: Sampling,
    random: SplitMix64,
    /// Kept between calls, so that a vocabulary is not allocated for every token.
    candidates: Vec<(u32, f32)>,
}

impl Sampler {
    /// A sampler that chooses the same for the same seed.
    pub fn new(sampling: Sampling, seed: u64) -> Self {
        Self {
            sampling,
            random: SplitMix64::new(seed),
            candidates: Vec::new(),
        }
    }

    /// A token below `vocab_size`, after `chosen`. The lowest id of several that are as good.
    ///
    /// Models pad their vocabularies; ids at and beyond `vocab_size` stand for nothing.
    pub fn choose(&mut self, log_probs: &LogProbs, vocab_size: usize, chosen: &[u32]) -> u32 {
        let Sampling {
            temperature,
            top_k,
            top_p,
            min_p,
            ..
        } = self.sampling;
        self.score(log_probs, vocab_size, chosen);
        let best = best_of(&self.candidates);
        if temperature <= 0.0 {
            return best.0;
        }
        let min_share = min_p.clamp(0.0, 1.0).max((-NEGLIGIBLE_NATS).exp());
        // From scores to probabilities relative to the best token's, which is 1.
        self.candidates.retain_mut(|(_, score)| {
            *score = ((*score - best.1) / temperature).exp();
            *score >= min_share
        });
        let by_probability =
            |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if top_k > 0 && top_k < self.candidates.len() {
            self.candidates
                .select_nth_unstable_by(top_k, by_probability);
            self.candidates.truncate(top_k);
        }
        self.candidates.sort_unstable_by(by_probability);
        self.keep_top_p(top_p);
        self.draw().unwrap_or(best.0)
    }

    /// Fills `candidates` with every token and its logit, with the penalty on those `chosen` before.
    fn score(&mut self, log_probs: &LogProbs, vocab_size: usize, chosen: &[u32]) {
        let logits = log_probs.logits();
        let logits = &logits[..vocab_size.min(logits.len())];
        self.candidates.clear();
        self.candidates.extend((0..).zip(logits.iter().copied()));
        let penalty = self.sampling.repetition_penalty;
        if penalty == 1.0 {
            return;
        }
        for &token in chosen {
            let (Some(&logit), Some(candidate)) = (
                logits.get(token as usize),
                self.candidates.get_mut(token as usize),
            ) else {
                continue;
            };
            // Assigned from the logit, so that a token chosen twice is not punished twice.
            candidate.1 = if logit > 0.0 {
                logit / penalty
            } else {
                logit * penalty
            };
        }
    }

    /// Drops the tail behind the first tokens that have `top_p` of the probability together. At least one stays.
    fn keep_top_p(&mut self, top_p: f32) {
        if top_p >= 1.0 {
            return;
        }
        let total: f32 = self.candidates.iter().map(|(_, prob)| prob).sum();
        let mut sum = 0.0;
        let kept = self
            .candidates
            .iter()
            .take_while(|(_, prob)| {
                let is_before = sum < top_p * total;
                sum += prob;
                is_before
            })
            .count();
        self.candidates.truncate(kept.max(1));
    }

    fn draw(&mut self) -> Option<u32> {
        let total: f32 = self.candidates.iter().map(|(_, prob)| prob).sum();
        let mut left = self.random.next_f32() * total;
        for &(token, prob) in &self.candidates {
            if left < prob {
                return Some(token);
            }
            left -= prob;
        }
        // Rounding: the sum fell short of the total.
        self.candidates.last().map(|&(token, _)| token)
    }
}

fn best_of(candidates: &[(u32, f32)]) -> (u32, f32) {
    let mut best = (0, f32::NEG_INFINITY);
    for &candidate in candidates {
        if candidate.1 > best.1 {
            best = candidate;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(sampling: Sampling, logits: &[f32], draws: usize) -> Vec<usize> {
        let mut sampler = Sampler::new(sampling, 7);
        let log_probs = LogProbs::new(logits.to_vec()).unwrap();
        let mut counts = vec![0; logits.len()];
        for _ in 0..draws {
            counts[sampler.choose(&log_probs, logits.len(), &[]) as usize] += 1;
        }
        counts
    }

    const WARM: Sampling = Sampling {
        temperature: 1.0,
        ..Sampling::GREEDY
    };

    #[test]
    fn the_generator_is_the_published_one() {
        // First outputs of the reference implementation (prng.di.unimi.it/splitmix64.c) for the seed 1234567.
        let mut random = SplitMix64::new(1_234_567);
        let found: Vec<u64> = (0..3).map(|_| random.next_u64()).collect();
        assert_eq!(
            found,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn tokens_come_as_often_as_they_are_probable() {
        let logits = [0.5f32.ln(), 0.3f32.ln(), 0.2f32.ln()];
        let counts = drawn(WARM, &logits, 10_000);
        for (count, expected) in counts.iter().zip([5_000, 3_000, 2_000]) {
            assert!(count.abs_diff(expected) < 250, "{counts:?}");
        }
    }

    #[test]
    fn each_rule_leaves_only_what_it_should() {
        let logits = [0.1f32, 0.4, 0.3, 0.15, 0.05].map(f32::ln);
        let possible = |sampling| -> Vec<usize> {
            let counts = drawn(sampling, &logits, 2_000);
            (0..5).filter(|&token| counts[token] > 0).collect()
        };
        assert_eq!(possible(Sampling::GREEDY), [1]);
        assert_eq!(possible(WARM), [0, 1, 2, 3, 4]);
        assert_eq!(possible(Sampling { top_k: 2, ..WARM }), [1, 2]);
        assert_eq!(possible(Sampling { top_p: 0.6, ..WARM }), [1, 2]);
        assert_eq!(possible(Sampling { top_p: 0.0, ..WARM }), [1]);
        assert_eq!(possible(Sampling { min_p: 0.3, ..WARM }), [1, 2, 3]);
        let cold = Sampling {
            temperature: 0.01,
            ..WARM
        };
        assert_eq!(possible(cold), [1]);
    }

    #[test]
    fn a_token_of_the_answer_is_less_probable_the_second_time() {
        let penalty = Sampling {
            repetition_penalty: 2.0,
            ..Sampling::GREEDY
        };
        let choose = |logits: [f32; 3], chosen: &[u32]| {
            let log_probs = LogProbs::new(logits.to_vec()).unwrap();
            Sampler::new(penalty, 0).choose(&log_probs, 3, chosen)
        };
        assert_eq!(choose([3.0, 2.0, 1.0], &[]), 0);
        assert_eq!(choose([3.0, 2.0, 1.0], &[0]), 1);
        assert_eq!(choose([-1.0, -1.5, -9.0], &[0]), 1);
        assert_eq!(choose([3.0, 1.0, 0.5], &[0, 0, 0]), 0, "punished once");
        assert_eq!(choose([3.0, 2.0, 1.0], &[99]), 0, "beyond the vocabulary");
    }

    #[test]
    fn padding_of_the_vocabulary_is_never_chosen() {
        let log_probs = LogProbs::new(vec![0.0, 1.0, 9.0]).unwrap();
        for sampling in [Sampling::GREEDY, WARM] {
            for seed in 0..50 {
                assert!(Sampler::new(sampling, seed).choose(&log_probs, 2, &[]) < 2);
            }
        }
    }

    proptest! {
        #[test]
        fn any_settings_give_a_token(
            logits in proptest::collection::vec(-50.0f32..50.0, 1..40),
            temperature in 0.0f32..3.0, top_k in 0usize..50, top_p in 0.0f32..1.5, min_p in 0.0f32..1.5,
            repetition_penalty in 0.5f32..3.0, chosen in proptest::collection::vec(0u32..60, 0..10), seed: u64,
        ) {
            let sampling = Sampling { repetition_penalty, temperature, top_k, top_p, min_p };
            let size = logits.len();
            let log_probs = LogProbs::new(logits).unwrap();
            let token = Sampler::new(sampling, seed).choose(&log_probs, size, &chosen);
            prop_assert!((token as usize) < size);
            prop_assert_eq!(token, Sampler::new(sampling, seed).choose(&log_probs, size, &chosen));
        }
    }
}
