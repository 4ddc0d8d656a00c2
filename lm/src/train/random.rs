//! Numbers for the order of windows and the first values: the same for the same seed, and no secret. Noise for privacy does not
//! come from here.

/// SplitMix64.
///
/// # Source
/// G. Steele, D. Lea, C. Flood, *Fast Splittable Pseudorandom Number Generators*, 2014, figure 17.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`, which is not zero.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// Any order of `0..len` (Fisher and Yates).
    pub(super) fn order(&mut self, len: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        for at in (1..len).rev() {
            order.swap(at, self.below(at + 1));
        }
        order
    }
}

/// Uniform in `(0, 1]`, with 53 bits.
pub(super) fn uniform(bits: u64) -> f64 {
    ((bits >> 11) + 1) as f64 / (1u64 << 53) as f64
}

/// Two independent normal numbers from two uniform ones (G. Box, M. Muller, 1958).
pub(super) fn normal_pair(first: u64, second: u64) -> [f64; 2] {
    let radius = (-2.0 * uniform(first).ln()).sqrt();
    let angle = std::f64::consts::TAU * uniform(second);
    [radius * angle.cos(), radius * angle.sin()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut random = Random::new(3);
        let pairs = (0..50_000).flat_map(|_| normal_pair(random.next(), random.next()));
        let values: Vec<f64> = pairs.collect();
        let mean = |power: i32| {
            values.iter().map(|value| value.powi(power)).sum::<f64>() / values.len() as f64
        };
        assert!(mean(1).abs() < 0.015, "{}", mean(1));
        assert!((mean(2) - 1.0).abs() < 0.02, "{}", mean(2));
        assert!((mean(4) - 3.0).abs() < 0.15, "{}", mean(4));
    }
}
