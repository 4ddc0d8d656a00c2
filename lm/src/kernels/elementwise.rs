//! RMSNorm, SwiGLU, rotation and floating-point products with a weight matrix.

use sotto_core::vector::{F32x4, LANES, dot, exp};

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
        let scale = F32x4::splat(1.0 / (dot(row, row) / width as f32 + eps).sqrt());
        each(row, gain, out, |value, gain| value * scale * gain);
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
    let (zero, one) = (F32x4::splat(0.0), F32x4::splat(1.0));
    for (row, out) in gate_up
        .chunks_exact(2 * width)
        .zip(out.chunks_exact_mut(width))
    {
        let (gate, up) = row.split_at(width);
        each(gate, up, out, |gate, up| {
            gate / (one + exp(zero - gate)) * up
        });
    }
}

/// Rotates the pairs `(x[i], x[i + half])` by the angles of one position and multiplies with `scale`.
///
/// # Shapes
/// `x`, `angles`, `out`: `[2 * half]`; cosines, then sines.
pub(crate) fn rotate(x: &[f32], angles: &[f32], scale: f32, out: &mut [f32]) {
    let half = x.len() / 2;
    let (cos, sin) = angles.split_at(half);
    let (first, second) = x.split_at(half);
    let (out_first, out_second) = out.split_at_mut(half);
    let scale = F32x4::splat(scale);
    each(first, cos, out_first, |first, cos| first * cos);
    each(second, cos, out_second, |second, cos| second * cos);
    accumulate(second, sin, out_first, |sum, second, sin| {
        (sum - second * sin) * scale
    });
    accumulate(first, sin, out_second, |sum, first, sin| {
        (sum + first * sin) * scale
    });
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

/// `out = f(a, b)`, element by element.
#[inline(always)]
fn each(a: &[f32], b: &[f32], out: &mut [f32], f: impl Fn(F32x4, F32x4) -> F32x4) {
    accumulate(a, b, out, |_, a, b| f(a, b));
}

/// `out = f(out, a, b)`, element by element, the last few in a vector that is filled up.
#[inline(always)]
fn accumulate(a: &[f32], b: &[f32], out: &mut [f32], f: impl Fn(F32x4, F32x4, F32x4) -> F32x4) {
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    let (out_chunks, out_rest) = out.as_chunks_mut::<LANES>();
    for (out, (a, b)) in out_chunks.iter_mut().zip(a_chunks.iter().zip(b_chunks)) {
        f(F32x4::load(out), F32x4::load(a), F32x4::load(b)).store(out);
    }
    if !out_rest.is_empty() {
        let filled = |rest: &[f32]| {
            let mut lanes = [0.0; LANES];
            lanes[..rest.len()].copy_from_slice(rest);
            F32x4::load(&lanes)
        };
        let last = f(filled(out_rest), filled(a_rest), filled(b_rest)).to_array();
        out_rest.copy_from_slice(&last[..out_rest.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(len: usize, step: f32) -> Vec<f32> {
        (0..len)
            .map(|at| (at as f32 * step + 0.3).sin() * 3.0)
            .collect()
    }

    fn assert_close(out: &[f32], expected: impl Iterator<Item = f64>) {
        for (out, expected) in out.iter().zip(expected) {
            assert!(
                (f64::from(*out) - expected).abs() < 1e-5,
                "{out} {expected}"
            );
        }
    }

    #[test]
    fn every_width_agrees_with_double_precision() {
        for width in 1..40 {
            let (x, gain) = (wave(2 * width, 0.7), wave(width, 1.3));
            let mut out = vec![9.0; 2 * width];
            rms_norm(&x, &gain, 1e-5, &mut out);
            let expected = x.chunks(width).flat_map(|row| {
                let squares: f64 = row.iter().map(|&x| f64::from(x).powi(2)).sum();
                let scale = 1.0 / (squares / width as f64 + 1e-5).sqrt();
                row.iter()
                    .zip(&gain)
                    .map(move |(&x, &gain)| f64::from(x) * scale * f64::from(gain))
            });
            assert_close(&out, expected);

            let mut out = vec![9.0; width];
            swiglu(&x, width, &mut out);
            let silu = |x: f32| f64::from(x) / (1.0 + (-f64::from(x)).exp());
            let (gate, up) = x.split_at(width);
            assert_close(
                &out,
                gate.iter()
                    .zip(up)
                    .map(|(&gate, &up)| silu(gate) * f64::from(up)),
            );

            let (mut out, angles) = (vec![9.0; 2 * width], wave(2 * width, 0.9));
            rotate(&x, &angles, 0.5, &mut out);
            let pair =
                |at: usize| [x[at], x[at + width], angles[at], angles[at + width]].map(f64::from);
            let first = (0..width)
                .map(pair)
                .map(|[a, b, cos, sin]| (a * cos - b * sin) * 0.5);
            let second = (0..width)
                .map(pair)
                .map(|[a, b, cos, sin]| (b * cos + a * sin) * 0.5);
            assert_close(&out, first.chain(second));
        }
    }
}
