//! Noise for differential privacy: the discrete Laplace distribution, drawn exactly.
//!
//! # Source
//! Canonne, Kamath and Steinke 2020, "The Discrete Gaussian for Differential Privacy" (arXiv 2004.00010), Algorithm 1
//! (Bernoulli of exp(−γ)) and Algorithm 2 (discrete Laplace). Only whole numbers are used: noise made with floating point
//! gives values away through its gaps (Mironov 2012, "On Significance of the Least Significant Bits for Differential
//! Privacy").

use serde::{Deserialize, Serialize};

/// How much an export may give away: `numerator / denominator`. Smaller is more private and more noisy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase", try_from = "Parts")]
pub struct Epsilon {
    numerator: u32,
    denominator: u32,
}

#[derive(Deserialize)]
struct Parts {
    numerator: u32,
    denominator: u32,
}

/// Outside of 1/100 to 10, where the figures would be no use or no privacy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("epsilon must be between 1/100 and 10, in parts of at most 1000")]
pub struct EpsilonRange;

impl Epsilon {
    /// `numerator / denominator`.
    ///
    /// # Errors
    /// [`EpsilonRange`] unless it is between 1/100 and 10 and both are at most 1,000.
    pub fn new(numerator: u32, denominator: u32) -> Result<Self, EpsilonRange> {
        let parts = (1..=1_000).contains(&numerator) && (1..=1_000).contains(&denominator);
        let range = parts && numerator * 100 >= denominator && numerator <= 10 * denominator;
        range
            .then_some(Self {
                numerator,
                denominator,
            })
            .ok_or(EpsilonRange)
    }

    /// As a number, to show.
    pub fn value(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

impl TryFrom<Parts> for Epsilon {
    type Error = EpsilonRange;

    fn try_from(parts: Parts) -> Result<Self, EpsilonRange> {
        Self::new(parts.numerator, parts.denominator)
    }
}

/// Draws from the discrete Laplace distribution of scale `sensitivity / epsilon`: the probability of `x` is proportional to
/// `exp(−epsilon·|x| / sensitivity)`.
///
/// `random` gives 64 random bits a call. For privacy they have to be unpredictable: the operating system's.
pub fn discrete_laplace(
    sensitivity: u32,
    epsilon: Epsilon,
    random: &mut impl FnMut() -> u64,
) -> i64 {
    // Scale t / s.
    let t = u64::from(sensitivity.max(1)) * u64::from(epsilon.denominator);
    let s = u64::from(epsilon.numerator);
    loop {
        let part = below(t, random);
        if !bernoulli_exp(part, t, random) {
            continue;
        }
        let mut whole = 0;
        while bernoulli_exp(1, 1, random) {
            whole += 1;
        }
        let size = (part + t * whole) / s;
        let negative = below(2, random) == 1;
        if negative && size == 0 {
            continue;
        }
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        return if negative { -size } else { size };
    }
}

/// True with probability exp(−numerator / denominator), for a fraction of at most 1: Algorithm 1.
fn bernoulli_exp(numerator: u64, denominator: u64, random: &mut impl FnMut() -> u64) -> bool {
    let mut k = 1;
    // True with probability γ / k.
    while below(denominator * k, random) < numerator {
        k += 1;
    }
    k % 2 == 1
}

/// A number below `bound`, each as likely as the others: what would favour the small ones is thrown away.
fn below(bound: u64, random: &mut impl FnMut() -> u64) -> u64 {
    let rest = (u64::MAX % bound + 1) % bound;
    loop {
        let bits = random();
        if bits <= u64::MAX - rest {
            return bits % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::SplitMix64;

    #[test]
    fn epsilon_has_a_range() {
        assert_eq!(Epsilon::new(1, 2).unwrap().value(), 0.5);
        for (numerator, denominator) in [
            (0, 1),
            (1, 0),
            (11, 1),
            (1, 101),
            (2_000, 1_000),
            (1, 5_000),
        ] {
            assert_eq!(Epsilon::new(numerator, denominator), Err(EpsilonRange));
        }
        assert!(serde_json::from_str::<Epsilon>(r#"{"numerator":1,"denominator":1000}"#).is_err());
    }

    #[test]
    fn frequencies_are_those_of_the_distribution() {
        const DRAWS: usize = 200_000;
        for (sensitivity, numerator, denominator) in [(1, 1, 1), (1, 1, 2), (3, 2, 1), (15, 1, 1)] {
            let epsilon = Epsilon::new(numerator, denominator).unwrap();
            let mut source = SplitMix64::new(7);
            let mut counts = std::collections::BTreeMap::<i64, usize>::new();
            for _ in 0..DRAWS {
                *counts
                    .entry(discrete_laplace(sensitivity, epsilon, &mut || {
                        source.next_u64()
                    }))
                    .or_default() += 1;
            }
            let p = (-epsilon.value() / f64::from(sensitivity)).exp();
            for x in -8_i64..=8 {
                let expected =
                    (1.0 - p) / (1.0 + p) * p.powi(x.unsigned_abs() as i32) * DRAWS as f64;
                let found = counts.get(&x).copied().unwrap_or(0) as f64;
                // Five standard deviations; the seed is fixed, so the test always does the same.
                assert!(
                    (found - expected).abs() < 5.0 * expected.sqrt() + 1.0,
                    "{x}: {found}, not {expected}"
                );
            }
            let mean = counts
                .iter()
                .map(|(x, count)| *x as f64 * *count as f64)
                .sum::<f64>()
                / DRAWS as f64;
            let deviation = (2.0 * p).sqrt() / (1.0 - p) / (DRAWS as f64).sqrt();
            assert!(mean.abs() < 5.0 * deviation, "{mean}");
        }
    }

    #[test]
    fn small_numbers_are_not_favoured() {
        // The highest bits would give 0 once more than the others.
        let mut bits = [u64::MAX, 4].into_iter();
        assert_eq!(below(3, &mut || bits.next().unwrap()), 1);
    }
}
