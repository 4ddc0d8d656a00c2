//! RMSNorm, SwiGLU and floating-point products with a weight matrix.

use super::lanes::{add_scaled, dot, exp};

/// Divides each row by its root mean square and multiplies with `gain`.
///
/// # Shapes
/// `x`, `out`: `[m, gain.len()]`.
///
/// # Source
/// B. Zhang, R. Sennrich, *Root Mean Square Layer Normalization*, 2019, equation 4.
pub(crate) fn rms_norm(x: &[f32], gain: &[f32], eps: f32, out: &mut [f32]) {
    let width = gain.len();
    for (row, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let scale = 1.0 / (dot(row, row) / width as f32 + eps).sqrt();
        for ((out, value), gain) in out.iter_mut().zip(row).zip(gain) {
            *out = value * scale * gain;
        }
    }
}

/// `silu(gate) * up` for each row of `[gate | up]`.
///
/// # Shapes
/// `gate_up`: `[m, 2 * width]`; `out`: `[m, width]`.
///
/// # Source
/// N. Shazeer, *GLU Variants Improve Transformer*, 2020, equation 5.
pub(crate) fn swiglu(gate_up: &[f32], width: usize, out: &mut [f32]) {
    for (row, out) in gate_up
        .chunks_exact(2 * width)
        .zip(out.chunks_exact_mut(width))
    {
        let (gate, up) = row.split_at(width);
        for ((out, gate), up) in out.iter_mut().zip(gate).zip(up) {
            *out = gate / (1.0 + exp(-gate)) * up;
        }
    }
}

/// `out[m, n] (+)= x[m, k] * weights[n, k]^T`.
pub(crate) fn float_linear(x: &[f32], weights: &[f32], k: usize, add: bool, out: &mut [f32]) {
    let n = weights.len() / k;
    for (row, out) in x.chunks_exact(k).zip(out.chunks_exact_mut(n)) {
        for (out, weights) in out.iter_mut().zip(weights.chunks_exact(k)) {
            let product = dot(row, weights);
            *out = if add { *out + product } else { product };
        }
    }
}

/// Softmax in place; `values` is not empty.
pub(crate) fn softmax(values: &mut [f32]) {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in values.iter_mut() {
        *value = exp(*value - largest);
    }
    let total: f32 = values.iter().sum();
    for value in values.iter_mut() {
        *value /= total;
    }
}

/// Weighted sum of rows.
///
/// # Shapes
/// `weights`: `[n]`; `rows`: at least `[n, out.len()]`.
pub(crate) fn weighted_sum(weights: &[f32], rows: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for (weight, row) in weights.iter().zip(rows.chunks_exact(out.len())) {
        add_scaled(out, *weight, row);
    }
}
