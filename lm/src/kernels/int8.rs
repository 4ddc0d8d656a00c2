//! Products with an INT8 weight matrix, in integer arithmetic.
//!
//! Each input row is rounded to 16 bits with one scale of its own (`max |x| / 32767`, a relative error of about
//! 3e-5, well inside the parity tolerance), so that a product is one multiply-add instruction for eight or sixteen
//! weights and the weights are never widened in memory. Sums are exact integers and become floating point once:
//! every instruction set gives the same bits, and a row's result does not depend on the rows beside it.

use super::int8_simd::{self, Simd};
use super::lanes::{ROUNDER, max_abs};

/// An INT8 weight matrix `[n, stride]` whose rows are padded with zeros, and one scale per row.
#[derive(Clone, Copy)]
pub(crate) struct Int8Rows<'a> {
    /// Row-major values, `n * stride`.
    pub(crate) values: &'a [i8],
    /// Length of a padded row: a multiple of [`crate::weights::ROW_ALIGN`].
    pub(crate) stride: usize,
    /// One scale per row.
    pub(crate) scales: &'a [f32],
}

/// Rows of `x` in 16 bits, with their scales.
struct Rounded {
    values: Vec<i16>,
    scales: Vec<f32>,
}

/// `out[m, n] (+)= x[m, k] * (weights * scales)^T`, with the best instructions of this machine.
pub(crate) fn linear(x: &[f32], k: usize, weights: Int8Rows<'_>, add: bool, out: &mut [f32]) {
    linear_with(Simd::detect(), x, k, weights, add, out);
}

fn linear_with(simd: Simd, x: &[f32], k: usize, weights: Int8Rows<'_>, add: bool, out: &mut [f32]) {
    let stride = weights.stride;
    let n = weights.scales.len();
    let rounded = round_rows(x, k, stride);
    let m = rounded.scales.len();
    let mut sums = [0_i64; int8_simd::MAX_BLOCK];
    let mut store = |row: usize, column: usize, sum: i64| {
        let product = sum as f32 * (rounded.scales[row] * weights.scales[column]);
        let out = &mut out[row * n + column];
        *out = if add { *out + product } else { product };
    };
    // One row of x goes with four rows of weights; more rows of x go four at a time with two rows of weights, which
    // are then read once for the four.
    let (x_block, w_block) = if m == 1 { (1, 4) } else { (4, 2) };
    let mut column = 0;
    while column < n {
        let w_rows = w_block.min(n - column);
        let w = &weights.values[column * stride..(column + w_rows) * stride];
        let mut row = 0;
        while row < m {
            let x_rows = x_block.min(m - row);
            let block = &rounded.values[row * stride..(row + x_rows) * stride];
            simd.dot_block(block, w, stride, &mut sums);
            for (at, sum) in sums[..x_rows * w_rows].iter().enumerate() {
                store(row + at / w_rows, column + at % w_rows, *sum);
            }
            row += x_rows;
        }
        column += w_rows;
    }
}

/// Rows of the matrix by number, as floating point.
///
/// # Shapes
/// `ids`: `[m]`, each below `n`; `out`: `[m, k]`.
pub(crate) fn rows(ids: &[i32], k: usize, weights: Int8Rows<'_>, out: &mut [f32]) {
    for (&id, out) in ids.iter().zip(out.chunks_exact_mut(k)) {
        let id = id as usize;
        let scale = weights.scales[id];
        for (out, &value) in out
            .iter_mut()
            .zip(&weights.values[id * weights.stride..][..k])
        {
            *out = f32::from(value) * scale;
        }
    }
}

fn round_rows(x: &[f32], k: usize, stride: usize) -> Rounded {
    let m = x.len() / k;
    let mut values = vec![0_i16; m * stride];
    let mut scales = Vec::with_capacity(m);
    for (row, values) in x.chunks_exact(k).zip(values.chunks_exact_mut(stride)) {
        // A scale below the normal range has too few bits left to divide by; such a row counts as zero.
        let scale = max_abs(row) / f32::from(i16::MAX);
        let scale = if scale < f32::MIN_POSITIVE {
            0.0
        } else {
            scale
        };
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        for (value, x) in values.iter_mut().zip(row) {
            // The low 16 bits are the rounded value. The largest comes out as 32767 give or take 0.01, so that it
            // cannot round to 32768, which would wrap.
            *value = (x * inverse + ROUNDER).to_bits() as i16;
        }
        scales.push(scale);
    }
    Rounded { values, scales }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Products in double precision, and how far rounding the input to 16 bits may move each.
    fn reference(x: &[f32], k: usize, weights: Int8Rows<'_>) -> Vec<(f64, f64)> {
        let columns = weights
            .values
            .chunks_exact(weights.stride)
            .zip(weights.scales);
        x.chunks_exact(k)
            .flat_map(|row| {
                let half_step = f64::from(max_abs(row)) / 65_534.0;
                columns.clone().map(move |(values, &scale)| {
                    let sum: f64 = row
                        .iter()
                        .zip(values)
                        .map(|(&x, &w)| f64::from(x) * f64::from(w))
                        .sum();
                    let magnitudes: f64 = values.iter().map(|&w| f64::from(w).abs()).sum();
                    (
                        sum * f64::from(scale),
                        magnitudes * f64::from(scale) * half_step,
                    )
                })
            })
            .collect()
    }

    fn pseudo_random(len: usize, seed: u32) -> impl Iterator<Item = u32> {
        let mut state = seed | 1;
        (0..len).map(move |_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        })
    }

    fn matrix(n: usize, k: usize, seed: u32) -> (Vec<i8>, usize, Vec<f32>) {
        let stride = crate::weights::padded(k);
        let mut values = vec![0_i8; n * stride];
        for (row, seed) in values.chunks_exact_mut(stride).zip(seed..) {
            row[..k]
                .iter_mut()
                .zip(pseudo_random(k, seed))
                .for_each(|(value, bits)| *value = bits as i8);
        }
        let scales = pseudo_random(n, seed ^ 0xabcd)
            .map(|bits| (bits % 1_000) as f32 / 3e4)
            .collect();
        (values, stride, scales)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_instruction_set_gives_the_same_bits(m in 1_usize..10, n in 1_usize..14, k in 1_usize..150, seed: u32) {
            let (values, stride, scales) = matrix(n, k, seed);
            let weights = Int8Rows { values: &values, stride, scales: &scales };
            let x: Vec<f32> = pseudo_random(m * k, !seed).map(|bits| bits as i32 as f32 / 1e9).collect();
            let mut scalar = vec![0.5; m * n];
            linear_with(Simd::Scalar, &x, k, weights, true, &mut scalar);
            let mut best = vec![0.5; m * n];
            linear_with(Simd::detect(), &x, k, weights, true, &mut best);
            prop_assert_eq!(&scalar, &best);
            // One row at a time is the same too.
            for (x, out) in x.chunks_exact(k).zip(scalar.chunks_exact(n)) {
                let mut single = vec![0.5; n];
                linear(x, k, weights, true, &mut single);
                prop_assert_eq!(&single, out);
            }
            for (out, (expected, bound)) in scalar.iter().zip(reference(&x, k, weights)) {
                let error = (f64::from(*out) - 0.5 - expected).abs();
                prop_assert!(error <= bound * 1.01 + expected.abs() * 1e-6 + 1e-6, "{error:e} is more than {bound:e}");
            }
        }
    }

    #[test]
    fn extreme_values_do_not_overflow() {
        // The longest row that config.json allows, with the largest magnitudes on both sides.
        let k = 32_768;
        let values = vec![-128_i8; 2 * k];
        let weights = Int8Rows {
            values: &values,
            stride: k,
            scales: &[1.0, 1.0],
        };
        let x: Vec<f32> = vec![-3.0; 5 * k];
        for simd in [Simd::Scalar, Simd::detect()] {
            for rows in [1, 5] {
                let mut out = vec![0.0; rows * 2];
                linear_with(simd, &x[..rows * k], k, weights, false, &mut out);
                assert!(
                    out.iter()
                        .all(|&out| (out / (k as f32 * 384.0) - 1.0).abs() < 1e-4),
                    "{out:?}"
                );
            }
        }
    }

    #[test]
    fn zero_input_gives_zero() {
        let (values, stride, scales) = matrix(3, 20, 7);
        let weights = Int8Rows {
            values: &values,
            stride,
            scales: &scales,
        };
        let mut out = vec![1.0; 3];
        linear(&[0.0; 20], 20, weights, false, &mut out);
        assert_eq!(out, [0.0; 3]);
    }

    #[test]
    fn the_largest_input_never_wraps_to_the_other_sign() {
        for bits in pseudo_random(20_000, 99) {
            let value = f32::from_bits(bits % 0x7700_0000 + 0x0880_0000);
            let rounded = round_rows(&[value, -value], 2, 16);
            assert_eq!(rounded.values[..2], [i16::MAX, -i16::MAX], "{value:e}");
        }
    }
}
