//! DP-SGD's two operations: bounding a window's gradient and hiding it in noise.
//!
//! **The noise is drawn in floating point**, whose gaps can give values away in principle (I. Mironov 2012, *On Significance of
//! the Least Significant Bits for Differential Privacy*). Here it reaches nobody who sees single gradients: what leaves
//! training is the sum of all steps, rounded to half precision.

use super::random::normal_pair;

/// Euclidean length.
pub(super) fn norm(gradient: &[f32]) -> f64 {
    let squares = gradient.iter().map(|&value| f64::from(value).powi(2));
    squares.sum::<f64>().sqrt()
}

/// Adds a window's gradient to `sum`, shortened to `clip_norm` if it is longer.
pub(super) fn add_clipped(gradient: &[f32], clip_norm: f32, sum: &mut [f32]) {
    let length = norm(gradient) as f32;
    let factor = (clip_norm / length.max(f32::MIN_POSITIVE)).min(1.0);
    for (sum, value) in sum.iter_mut().zip(gradient) {
        *sum += factor * value;
    }
}

/// Adds normal noise of this standard deviation.
pub(super) fn add_noise(sum: &mut [f32], deviation: f64, bits: &mut dyn FnMut() -> u64) {
    for pair in sum.chunks_mut(2) {
        let normal = normal_pair(bits(), bits());
        for (value, normal) in pair.iter_mut().zip(normal) {
            *value += (normal * deviation) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::random::Random;

    #[test]
    fn no_gradient_counts_for_more_than_the_clip_and_short_ones_count_in_full() {
        let mut sum = vec![0.0; 3];
        add_clipped(&[300.0, 0.0, 400.0], 1.0, &mut sum);
        assert!((norm(&sum) - 1.0).abs() < 1e-6);
        let mut sum = vec![0.0; 3];
        add_clipped(&[0.3, 0.0, 0.4], 1.0, &mut sum);
        assert!((norm(&sum) - 0.5).abs() < 1e-6);
        let mut sum = vec![0.0; 3];
        add_clipped(&[0.0; 3], 1.0, &mut sum);
        assert_eq!(sum, [0.0; 3]);
    }

    #[test]
    fn noise_has_the_deviation_that_was_asked_for() {
        let mut random = Random::new(9);
        let mut values = vec![0.0; 40_001];
        add_noise(&mut values, 2.5, &mut || random.next());
        let deviation = norm(&values) / (values.len() as f64).sqrt();
        assert!((deviation - 2.5).abs() < 0.05, "{deviation}");
    }
}
