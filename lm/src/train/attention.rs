//! Causal grouped-query attention over one window, forth and back.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, s};
use sotto_core::vector::{dot, exp_all, max};

use super::Matrix;
use crate::kernels::attention::AttentionShape;

/// Columns of one query head, of its keys and of its values in a row of `qkv`.
fn columns(shape: AttentionShape, head: usize) -> [usize; 3] {
    let kv_head = head / (shape.heads / shape.kv_heads);
    let keys = shape.heads + kv_head;
    [head, keys, keys + shape.kv_heads].map(|part| part * shape.head_dim)
}

fn part(matrix: &Matrix, start: usize, width: usize) -> ArrayView2<'_, f32> {
    matrix.slice(s![.., start..start + width])
}

fn part_mut(matrix: &mut Matrix, start: usize, width: usize) -> ArrayViewMut2<'_, f32> {
    matrix.slice_mut(s![.., start..start + width])
}

/// Rotates queries and keys by the angles of their rows, or back.
///
/// # Shapes
/// `qkv`: `[m, (heads + 2 * kv_heads) * head_dim]`; `rope`: `[m, head_dim]`, cosines then sines.
pub(super) fn rotate(qkv: &mut Matrix, rope: &[f32], shape: AttentionShape, is_back: bool) {
    let half = shape.head_dim / 2;
    let rotated = (shape.heads + shape.kv_heads) * shape.head_dim;
    let rows = qkv.rows_mut().into_iter();
    for (mut row, angles) in rows.zip(rope.chunks_exact(shape.head_dim)) {
        let row = row.as_slice_mut().expect("rows are in order");
        let (cos, sin) = angles.split_at(half);
        for head in row[..rotated].chunks_exact_mut(shape.head_dim) {
            let (first, second) = head.split_at_mut(half);
            for at in 0..half {
                let sin = if is_back { -sin[at] } else { sin[at] };
                let (a, b) = (first[at], second[at]);
                first[at] = a * cos[at] - b * sin;
                second[at] = b * cos[at] + a * sin;
            }
        }
    }
}

/// Attends; gives the result and, for the way back, each head's weights.
///
/// # Shapes
/// `qkv` as in [`rotate`], rotated; result: `[m, heads * head_dim]`, and `heads` times `[m, m]`.
pub(super) fn forward(qkv: &Matrix, shape: AttentionShape) -> (Matrix, Vec<Matrix>) {
    let m = qkv.nrows();
    let width = shape.head_dim;
    let scale = 1.0 / (width as f32).sqrt();
    let mut out = Matrix::zeros((m, shape.out_size()));
    let mut all = Vec::with_capacity(shape.heads);
    for head in 0..shape.heads {
        let [q, k, v] = columns(shape, head).map(|start| part(qkv, start, width));
        let mut weights = Matrix::zeros((m, m));
        general_mat_mul(scale, &q, &k.t(), 0.0, &mut weights);
        for (at, mut row) in weights.rows_mut().into_iter().enumerate() {
            let (seen, hidden) = row.as_slice_mut().expect("in order").split_at_mut(at + 1);
            let largest = max(seen);
            let total = exp_all(seen, largest);
            seen.iter_mut().for_each(|weight| *weight /= total);
            hidden.fill(0.0);
        }
        let mut out = part_mut(&mut out, head * width, width);
        general_mat_mul(1.0, &weights, &v, 0.0, &mut out);
        all.push(weights);
    }
    (out, all)
}

/// Gradient of the rotated `qkv`.
///
/// # Shapes
/// As in [`forward`]; `d_out` as its result.
pub(super) fn backward(
    qkv: &Matrix,
    all: &[Matrix],
    d_out: &Matrix,
    shape: AttentionShape,
) -> Matrix {
    let m = qkv.nrows();
    let width = shape.head_dim;
    let scale = 1.0 / (width as f32).sqrt();
    let mut d_qkv = Matrix::zeros(qkv.raw_dim());
    let mut d_scores = Matrix::zeros((m, m));
    for (head, weights) in all.iter().enumerate() {
        let starts = columns(shape, head);
        let [q, k, v] = starts.map(|start| part(qkv, start, width));
        let d_out = part(d_out, head * width, width);
        general_mat_mul(1.0, &d_out, &v.t(), 0.0, &mut d_scores);
        let rows = d_scores.rows_mut().into_iter().zip(weights.rows());
        for (at, (mut d_scores, weights)) in rows.enumerate() {
            let d_scores = d_scores.as_slice_mut().expect("in order");
            let weights = &weights.as_slice().expect("in order")[..=at];
            let (seen, hidden) = d_scores.split_at_mut(at + 1);
            let mean = dot(seen, weights);
            for (d_score, weight) in seen.iter_mut().zip(weights) {
                *d_score = weight * (*d_score - mean) * scale;
            }
            hidden.fill(0.0);
        }
        let [d_q, d_k, d_v] = starts;
        general_mat_mul(
            1.0,
            &d_scores,
            &k,
            0.0,
            &mut part_mut(&mut d_qkv, d_q, width),
        );
        // Several query heads share keys and values.
        general_mat_mul(
            1.0,
            &d_scores.t(),
            &q,
            1.0,
            &mut part_mut(&mut d_qkv, d_k, width),
        );
        general_mat_mul(
            1.0,
            &weights.t(),
            &d_out,
            1.0,
            &mut part_mut(&mut d_qkv, d_v, width),
        );
    }
    d_qkv
}
