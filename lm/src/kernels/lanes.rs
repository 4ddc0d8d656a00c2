//! Dot products and the like in eight lanes, and an exponential that the compiler can vectorise.

/// Lanes of one step: two 128-bit registers, one 256-bit.
const LANES: usize = 8;

/// Sum of products.
///
/// # Shapes
/// `left` and `right`: `[n]`.
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left_chunks, left_rest) = left.as_chunks::<LANES>();
    let (right_chunks, right_rest) = right.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (l, r) in left_chunks.iter().zip(right_chunks) {
        for lane in 0..LANES {
            sums[lane] += l[lane] * r[lane];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(l, r)| l * r).sum();
    sums.iter().sum::<f32>() + rest
}

/// Adds `factor * values` to `target`.
pub(crate) fn add_scaled(target: &mut [f32], factor: f32, values: &[f32]) {
    for (target, value) in target.iter_mut().zip(values) {
        *target += factor * value;
    }
}

/// Largest magnitude; zero for nothing.
pub(crate) fn max_abs(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut largest = [0.0_f32; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            let magnitude = chunk[lane].abs();
            largest[lane] = if magnitude > largest[lane] {
                magnitude
            } else {
                largest[lane]
            };
        }
    }
    largest
        .into_iter()
        .chain(rest.iter().map(|value| value.abs()))
        .fold(0.0, f32::max)
}

/// `1.5 * 2^23`: adding it rounds an `f32` of magnitude below `2^22` to the nearest integer, which is then in the
/// low bits. Unlike `round` it needs no instruction that baseline x86-64 lacks.
pub(crate) const ROUNDER: f32 = 12_582_912.0;

/// `e^x`, to within two units in the last place for `-87 <= x <= 88`; clamped outside.
///
/// # Source
/// Cephes `expf` (S. Moshier): `2^n * p(r)` with `x = n ln 2 + r`; coefficients unchanged.
pub(crate) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = 1.987_569_1e-4_f32;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 5e-1;
    let p = p * r * r + r + 1.0;
    // The exponent of 2^n: the low bits of `shifted` are n in two's complement.
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    p * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_agrees_with_the_library() {
        for step in -8_700..=8_800 {
            let x = step as f32 / 100.0;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 2.4e-7, "exp({x}) is off by {error:e}");
        }
        assert!(exp(-1e30) < 1e-37 && exp(f32::INFINITY).is_finite());
    }

    #[test]
    fn dot_handles_every_remainder() {
        for len in 0..40 {
            let left: Vec<f32> = (0..len).map(|at| at as f32).collect();
            let expected: f32 = left.iter().map(|value| value * value).sum();
            assert_eq!(dot(&left, &left), expected);
        }
    }

    #[test]
    fn max_abs_sees_every_place() {
        for len in 1..20 {
            for place in 0..len {
                let mut values = vec![0.5; len];
                values[place] = -2.0;
                assert_eq!(max_abs(&values), 2.0);
            }
        }
        assert_eq!(max_abs(&[]), 0.0);
    }
}
