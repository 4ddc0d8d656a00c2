//! Rotary position embedding, KV cache append and grouped-query attention, for one layer.

use super::elementwise::{softmax, weighted_sum};
use super::lanes::dot;

/// Sizes of one layer's attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AttentionShape {
    /// Query heads.
    pub(crate) heads: usize,
    /// Key and value heads; query head `h` reads number `h / (heads / kv_heads)`.
    pub(crate) kv_heads: usize,
    /// Width of one head.
    pub(crate) head_dim: usize,
    /// Positions that the cache can hold.
    pub(crate) capacity: usize,
    /// Positions that the cache holds already.
    pub(crate) past: usize,
}

impl AttentionShape {
    /// Width of one row of `qkv`.
    pub(crate) fn qkv_size(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.head_dim
    }

    /// Width of one row of the result.
    pub(crate) fn out_size(&self) -> usize {
        self.heads * self.head_dim
    }
}

/// Rotates queries and keys, appends keys and values to the cache at `past`, and attends causally.
///
/// # Shapes
/// `qkv`: `[m, (heads + 2 * kv_heads) * head_dim]`; `rope`: `[capacity, head_dim]`, cosines then sines of
/// `head_dim / 2` angles; `cache`: `[2, kv_heads, capacity, head_dim]`, keys then values;
/// `out`: `[m, heads * head_dim]`.
///
/// # Source
/// J. Su et al., *RoFormer*, 2021, in the rotate-half order of Hugging Face transformers; J. Ainslie et al., *GQA*, 2023.
pub(crate) fn attention(
    qkv: &[f32],
    rope: &[f32],
    cache: &mut [f32],
    shape: AttentionShape,
    out: &mut [f32],
) {
    let AttentionShape {
        heads,
        kv_heads,
        head_dim,
        capacity,
        past,
    } = shape;
    let (keys, values) = cache.split_at_mut(kv_heads * capacity * head_dim);
    let rows = qkv.chunks_exact(shape.qkv_size());
    for (position, row) in (past..).zip(rows.clone()) {
        let angles = &rope[position * head_dim..][..head_dim];
        let (new_keys, new_values) = row[heads * head_dim..].split_at(kv_heads * head_dim);
        for head in 0..kv_heads {
            let target = (head * capacity + position) * head_dim;
            let source = head * head_dim..(head + 1) * head_dim;
            rotate(
                &new_keys[source.clone()],
                angles,
                &mut keys[target..][..head_dim],
            );
            values[target..][..head_dim].copy_from_slice(&new_values[source]);
        }
    }
    let scale = 1.0 / (head_dim as f32).sqrt();
    let mut query = vec![0.0; head_dim];
    let mut scores = vec![0.0; past + out.len() / shape.out_size()];
    for ((position, row), out) in (past..)
        .zip(rows)
        .zip(out.chunks_exact_mut(shape.out_size()))
    {
        let angles = &rope[position * head_dim..][..head_dim];
        let scores = &mut scores[..=position];
        for (head, out) in out.chunks_exact_mut(head_dim).enumerate() {
            rotate(&row[head * head_dim..][..head_dim], angles, &mut query);
            let start = head / (heads / kv_heads) * capacity * head_dim;
            for (score, key) in scores.iter_mut().zip(keys[start..].chunks_exact(head_dim)) {
                *score = dot(&query, key) * scale;
            }
            softmax(scores);
            weighted_sum(scores, &values[start..], out);
        }
    }
}

/// Rotates the pairs `(x[i], x[i + half])` by the angles of one position.
fn rotate(x: &[f32], angles: &[f32], out: &mut [f32]) {
    let half = x.len() / 2;
    let (cos, sin) = angles.split_at(half);
    let (first, second) = x.split_at(half);
    let (out_first, out_second) = out.split_at_mut(half);
    for at in 0..half {
        out_first[at] = first[at] * cos[at] - second[at] * sin[at];
        out_second[at] = second[at] * cos[at] + first[at] * sin[at];
    }
}
