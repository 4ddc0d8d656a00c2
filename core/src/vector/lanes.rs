//! Loops over slices in vector registers: dot products, sums, the largest, exponentials.

use super::f32x4::exp_each;
use super::{F32x4, LANES, exp};

/// Vectors of one step, so that no sum waits for the one before.
const STEP: usize = 4 * LANES;

/// Sum of products.
///
/// # Shapes
/// `left` and `right`: `[n]`.
pub fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left_steps, left_rest) = left.as_chunks::<STEP>();
    let (right_steps, right_rest) = right.as_chunks::<STEP>();
    let mut sums = [F32x4::splat(0.0); STEP / LANES];
    for (l, r) in left_steps.iter().zip(right_steps) {
        for (sum, (l, r)) in sums.iter_mut().zip(vectors(l).zip(vectors(r))) {
            *sum = *sum + l * r;
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(l, r)| l * r).sum();
    let [a, b, c, d] = sums;
    ((a + b) + (c + d)).sum() + rest
}

/// Largest magnitude; zero for nothing.
pub fn max_abs(values: &[f32]) -> f32 {
    let largest = fold(values, 0.0, |largest, values| largest.max(values.abs()));
    largest.largest()
}

/// Largest value; minus infinity for nothing.
pub fn max(values: &[f32]) -> f32 {
    fold(values, f32::NEG_INFINITY, F32x4::max).largest()
}

/// The sum of `e^d` and of `d * e^d` over all values, where `d = value - shift`. What is more than 87 below the shift
/// counts as 87 below; nothing may be NaN.
pub fn exp_sums(values: &[f32], shift: f32) -> (f32, f32) {
    let (shift, least) = (F32x4::splat(shift), F32x4::splat(-87.0));
    let (steps, rest) = values.as_chunks::<STEP>();
    let (mut sums, mut weighted) = (F32x4::splat(0.0), F32x4::splat(0.0));
    for step in steps {
        let mut differences = [0.0; STEP];
        for (difference, value) in differences.as_chunks_mut().0.iter_mut().zip(vectors(step)) {
            (value - shift).max(least).store(difference);
        }
        let mut exponentials = differences;
        exp_each(&mut exponentials);
        for (value, difference) in vectors(&exponentials).zip(vectors(&differences)) {
            sums = sums + value;
            weighted = weighted + value * difference;
        }
    }
    let (mut sum, mut weighted) = (sums.sum(), weighted.sum());
    for value in rest {
        let difference = (F32x4::splat(*value) - shift).max(least);
        let [value, ..] = exp(difference).to_array();
        sum += value;
        weighted += value * difference.to_array()[0];
    }
    (sum, weighted)
}

/// Where the largest value is, the first of several; `None` for nothing.
pub fn argmax(values: &[f32]) -> Option<usize> {
    /// Values that are looked at together.
    const BLOCK: usize = 64;
    let largest = max(values);
    // By blocks first, since all but one do not hold it.
    let (at, block) = (0..)
        .step_by(BLOCK)
        .zip(values.chunks(BLOCK))
        .find(|(_, block)| max(block) == largest)?;
    let within = block.iter().position(|&value| value == largest)?;
    Some(at + within)
}

/// Whether all values are finite.
pub fn are_finite(values: &[f32]) -> bool {
    // A sum of zeros is not a number if one of its terms is none: infinity times zero is none either.
    let zero = F32x4::splat(0.0);
    fold(values, 0.0, |sum, values| sum + values * zero).sum() == 0.0
}

/// Goes through the values in whole vectors, the last of them filled up with `neutral`.
#[inline(always)]
fn fold(values: &[f32], neutral: f32, mut step: impl FnMut(F32x4, F32x4) -> F32x4) -> F32x4 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut result = F32x4::splat(neutral);
    for chunk in chunks {
        result = step(result, F32x4::load(chunk));
    }
    let mut last = [neutral; LANES];
    last[..rest.len()].copy_from_slice(rest);
    step(result, F32x4::load(&last))
}

/// Replaces each value by `e^(value - shift)` and gives their sum.
pub fn exp_all(values: &mut [f32], shift: f32) -> f32 {
    let shift = F32x4::splat(shift);
    let (steps, rest) = values.as_chunks_mut::<STEP>();
    let mut sums = F32x4::splat(0.0);
    for step in steps {
        for chunk in step.as_chunks_mut().0 {
            (F32x4::load(chunk) - shift).store(chunk);
        }
        exp_each(step);
        for value in vectors(step) {
            sums = sums + value;
        }
    }
    let mut total = sums.sum();
    for chunk in rest.chunks_mut(LANES) {
        let mut last = [0.0; LANES];
        last[..chunk.len()].copy_from_slice(chunk);
        let last = exp(F32x4::load(&last) - shift).to_array();
        chunk.copy_from_slice(&last[..chunk.len()]);
        total += chunk.iter().sum::<f32>();
    }
    total
}

/// The vectors of a step.
#[inline(always)]
fn vectors(step: &[f32; STEP]) -> impl Iterator<Item = F32x4> {
    step.as_chunks().0.iter().map(F32x4::load)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_handles_every_remainder() {
        for len in 0..60 {
            let left: Vec<f32> = (0..len).map(|at| at as f32).collect();
            let expected: f32 = left.iter().map(|value| value * value).sum();
            assert_eq!(dot(&left, &left), expected);
        }
    }

    #[test]
    fn exponentials_and_their_sum_handle_every_remainder() {
        for len in 0..40 {
            let mut values: Vec<f32> = (0..len).map(|at| at as f32 / 8.0).collect();
            let expected = |value: &f32| f64::from(value - 2.0).exp();
            let expected: Vec<f64> = values.iter().map(expected).collect();
            let total = exp_all(&mut values, 2.0);
            let close =
                |value: f32, expected: f64| (f64::from(value) - expected).abs() <= expected * 1e-6;
            assert!(
                values
                    .iter()
                    .zip(&expected)
                    .all(|(&value, &expected)| close(value, expected))
            );
            assert!(close(total, expected.iter().sum()));
        }
    }

    #[test]
    fn sums_over_exponentials_handle_every_remainder_and_minus_infinity() {
        for len in 1..40 {
            let mut values: Vec<f32> = (0..len).map(|at| at as f32 / 8.0).collect();
            values[len / 2] = f32::NEG_INFINITY;
            let differences = || {
                let finite = values.iter().filter(|value| value.is_finite());
                finite.map(|value| f64::from(value - 5.0))
            };
            let (sum, weighted) = exp_sums(&values, 5.0);
            // What minus infinity counts for is far below the rounding of anything else.
            let close = |value: f32, expected: f64| {
                (f64::from(value) - expected).abs() <= expected.abs() * 1e-6 + 1e-30
            };
            let expected: f64 = differences().map(f64::exp).sum();
            assert!(close(sum, expected));
            let expected: f64 = differences().map(|d| d * d.exp()).sum();
            assert!(close(weighted, expected));
        }
    }

    #[test]
    fn the_largest_is_found_in_every_place() {
        for len in (1..20).chain([63, 64, 65, 200]) {
            for place in 0..len {
                let mut values = vec![-0.5; len];
                values[place] = -2.0;
                assert_eq!(max_abs(&values), 2.0);
                values[place] = -0.25;
                assert_eq!((max(&values), argmax(&values)), (-0.25, Some(place)));
                values[len - 1] = -0.25;
                assert_eq!(argmax(&values), Some(place), "the first of several");
            }
        }
        assert_eq!((max_abs(&[]), max(&[])), (0.0, f32::NEG_INFINITY));
        assert_eq!(argmax(&[]), None);
    }

    #[test]
    fn what_is_not_finite_is_found_in_every_place() {
        for len in 0..20 {
            let mut values = vec![f32::MAX; len];
            assert!(are_finite(&values));
            for place in 0..len {
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    values[place] = bad;
                    assert!(!are_finite(&values));
                }
                values[place] = -f32::MAX;
            }
        }
    }
}
