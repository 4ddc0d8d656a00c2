//! Rotary position embedding, KV cache append and grouped-query attention, for one layer.
//!
//! Query heads that share keys and values go through them together, so that each is read once.

use super::elementwise::rotate;
use sotto_core::vector::{F32x4, LANES, exp_all, max};

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

    fn kv_size(&self) -> usize {
        self.kv_heads * self.head_dim
    }
}

/// Most query heads that go through keys and values together.
const GROUP: usize = 4;

/// Positions whose values are weighted in one go: those of one head fit into a first-level cache.
const BLOCK: usize = 64;

/// Rotates keys and appends keys and values to the cache at `past`.
///
/// # Shapes
/// `qkv`: `[m, (heads + 2 * kv_heads) * head_dim]`; `rope`: `[capacity, head_dim]`, cosines then sines of
/// `head_dim / 2` angles; `cache`: `[2, kv_heads, capacity, head_dim]`, keys then values.
///
/// # Source
/// J. Su et al., *RoFormer*, 2021, in the rotate-half order of Hugging Face transformers.
pub(crate) fn append(qkv: &[f32], rope: &[f32], cache: &mut [f32], shape: AttentionShape) {
    let AttentionShape {
        head_dim, capacity, ..
    } = shape;
    let (keys, values) = cache.split_at_mut(shape.kv_size() * capacity);
    for (position, row) in (shape.past..).zip(qkv.chunks_exact(shape.qkv_size())) {
        let angles = &rope[position * head_dim..][..head_dim];
        let (new_keys, new_values) = row[shape.out_size()..].split_at(shape.kv_size());
        for head in 0..shape.kv_heads {
            let target = (head * capacity + position) * head_dim;
            let source = head * head_dim..(head + 1) * head_dim;
            rotate(
                &new_keys[source.clone()],
                angles,
                1.0,
                &mut keys[target..][..head_dim],
            );
            values[target..][..head_dim].copy_from_slice(&new_values[source]);
        }
    }
}

/// Rotates the queries of a row at `position` and attends to the cache up to and with that position.
///
/// # Shapes
/// `qkv`: `[(heads + 2 * kv_heads) * head_dim]`; `rope` and `cache` as in [`append`]; `out`: `[heads * head_dim]`.
///
/// # Source
/// J. Ainslie et al., *GQA*, 2023.
pub(crate) fn attend(
    qkv: &[f32],
    rope: &[f32],
    cache: &[f32],
    (shape, position): (AttentionShape, usize),
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    let AttentionShape {
        heads,
        kv_heads,
        head_dim,
        capacity,
        ..
    } = shape;
    let (keys, values) = cache.split_at(shape.kv_size() * capacity);
    let angles = &rope[position * head_dim..][..head_dim];
    let scale = 1.0 / (head_dim as f32).sqrt();
    scratch.queries.resize(shape.out_size(), 0.0);
    let rotated = scratch.queries.chunks_exact_mut(head_dim);
    for (query, rotated) in qkv.chunks_exact(head_dim).zip(rotated) {
        rotate(query, angles, scale, rotated);
    }
    let len = position + 1;
    scratch.scores.resize(GROUP * len, 0.0);
    let group = heads / kv_heads;
    let scores = &mut scratch.scores;
    for kv_head in 0..kv_heads {
        let of_head = kv_head * capacity * head_dim..(kv_head * capacity + len) * head_dim;
        let (keys, values) = (&keys[of_head.clone()], &values[of_head]);
        let first = kv_head * group * head_dim;
        let queries = scratch.queries[first..][..group * head_dim].chunks(GROUP * head_dim);
        let out = out[first..][..group * head_dim].chunks_mut(GROUP * head_dim);
        for (queries, out) in queries.zip(out) {
            match queries.len() / head_dim {
                1 => attend_group::<1>(queries, keys, values, scores, out),
                2 => attend_group::<2>(queries, keys, values, scores, out),
                3 => attend_group::<3>(queries, keys, values, scores, out),
                _ => attend_group::<GROUP>(queries, keys, values, scores, out),
            }
        }
    }
}

/// What [`attend`] works in; kept between calls.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    queries: Vec<f32>,
    scores: Vec<f32>,
}

/// `G` query heads over the same keys and values.
///
/// # Shapes
/// `queries`, `out`: `[G, head_dim]`; `keys`, `values`: `[len, head_dim]`; `scores`: at least `[G, len]`.
fn attend_group<const G: usize>(
    queries: &[f32],
    keys: &[f32],
    values: &[f32],
    scores: &mut [f32],
    out: &mut [f32],
) {
    let head_dim = queries.len() / G;
    let len = keys.len() / head_dim;
    let queries: [&[f32]; G] = rows(queries.chunks_exact(head_dim));
    let mut scores: [&mut [f32]; G] = rows(scores.chunks_exact_mut(len));
    let mut out: [&mut [f32]; G] = rows(out.chunks_exact_mut(head_dim));
    for (at, key) in keys.chunks_exact(head_dim).enumerate() {
        for (scores, score) in scores.iter_mut().zip(dots(queries, key)) {
            scores[at] = score;
        }
    }
    let totals = scores.each_mut().map(|scores| {
        let largest = max(scores);
        exp_all(scores, largest)
    });
    for start in (0..len).step_by(BLOCK) {
        let end = len.min(start + BLOCK);
        let weights = scores.each_ref().map(|scores| &scores[start..end]);
        add_weighted(
            weights,
            &values[start * head_dim..end * head_dim],
            &mut out,
            start == 0,
        );
    }
    for (out, total) in out.into_iter().zip(totals) {
        out.iter_mut().for_each(|out| *out /= total);
    }
}

/// The next `G` rows.
fn rows<T, const G: usize>(mut rows: impl Iterator<Item = T>) -> [T; G] {
    std::array::from_fn(|_| rows.next().expect("callers pass G rows"))
}

/// Dot products of `G` queries with one key.
#[inline(always)]
fn dots<const G: usize>(queries: [&[f32]; G], key: &[f32]) -> [f32; G] {
    let (key_chunks, key_rest) = key.as_chunks::<LANES>();
    let queries = queries.map(|query| query[..key.len()].as_chunks::<LANES>());
    let mut sums = [F32x4::splat(0.0); G];
    for (at, key) in key_chunks.iter().enumerate() {
        let key = F32x4::load(key);
        for (sum, (query, _)) in sums.iter_mut().zip(queries) {
            *sum = *sum + F32x4::load(&query[at]) * key;
        }
    }
    let mut dots = sums.map(F32x4::sum);
    for (dot, (_, query)) in dots.iter_mut().zip(queries) {
        *dot += query.iter().zip(key_rest).map(|(q, k)| q * k).sum::<f32>();
    }
    dots
}

/// Vectors of a head that are summed in one pass over the positions.
const STRIPE: usize = 2;

/// `out[g] (+)= weights[g] * values` for at most [`BLOCK`] positions; the first call of a head sets `out`.
///
/// # Shapes
/// `weights`: `G` rows of `[n]`; `values`: `[n, head_dim]`; `out`: `G` rows of `[head_dim]`.
#[inline(always)]
fn add_weighted<const G: usize>(
    weights: [&[f32]; G],
    values: &[f32],
    out: &mut [&mut [f32]; G],
    is_first: bool,
) {
    let head_dim = out[0].len();
    let whole = head_dim / (STRIPE * LANES) * (STRIPE * LANES);
    // Sums of a few elements of all heads stay in registers while the positions go by.
    for at in (0..whole).step_by(STRIPE * LANES) {
        let mut sums = [[F32x4::splat(0.0); STRIPE]; G];
        for (position, values) in values.chunks_exact(head_dim).enumerate() {
            let (values, _) = values[at..at + STRIPE * LANES].as_chunks();
            let values = [F32x4::load(&values[0]), F32x4::load(&values[1])];
            for (sums, weights) in sums.iter_mut().zip(weights) {
                let weight = F32x4::splat(weights[position]);
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = *sum + weight * value;
                }
            }
        }
        for (out, sums) in out.iter_mut().zip(sums) {
            let (out, _) = out[at..at + STRIPE * LANES].as_chunks_mut();
            for (out, sum) in out.iter_mut().zip(sums) {
                let sum = if is_first {
                    sum
                } else {
                    F32x4::load(out) + sum
                };
                sum.store(out);
            }
        }
    }
    for (out, weights) in out.iter_mut().zip(weights) {
        for at in whole..head_dim {
            let terms = values.chunks_exact(head_dim).zip(weights);
            let sum: f32 = terms.map(|(values, weight)| values[at] * weight).sum();
            out[at] = if is_first { sum } else { out[at] + sum };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Softmax attention in double precision, position by position.
    fn reference(qkv: &[f32], rope: &[f32], shape: AttentionShape) -> Vec<f64> {
        let AttentionShape {
            heads,
            kv_heads,
            head_dim,
            ..
        } = shape;
        let half = head_dim / 2;
        let rotated = |row: usize, head: usize| -> Vec<f64> {
            let x = &qkv[row * shape.qkv_size() + head * head_dim..][..head_dim];
            let angles = &rope[row * head_dim..][..head_dim];
            let value = |at: usize| f64::from(x[at]);
            (0..head_dim)
                .map(|at| {
                    let (cos, sin) = (
                        f64::from(angles[at % half]),
                        f64::from(angles[at % half + half]),
                    );
                    let turned = if at < half {
                        -value(at + half)
                    } else {
                        value(at - half)
                    };
                    value(at) * cos + turned * sin
                })
                .collect()
        };
        let mut out = Vec::new();
        for row in 0..qkv.len() / shape.qkv_size() {
            for head in 0..heads {
                let kv_head = head / (heads / kv_heads);
                let query = rotated(row, head);
                let score = |key_row: usize| {
                    let key = rotated(key_row, heads + kv_head);
                    let dot: f64 = query.iter().zip(&key).map(|(q, k)| q * k).sum();
                    (dot / (head_dim as f64).sqrt()).exp()
                };
                let weights: Vec<f64> = (0..=row).map(score).collect();
                let total: f64 = weights.iter().sum();
                let value = |row: usize, at: usize| {
                    f64::from(
                        qkv[row * shape.qkv_size() + (heads + kv_heads + kv_head) * head_dim + at],
                    )
                };
                out.extend((0..head_dim).map(|at| {
                    weights
                        .iter()
                        .enumerate()
                        .map(|(row, weight)| weight / total * value(row, at))
                        .sum::<f64>()
                }));
            }
        }
        out
    }

    #[test]
    fn agrees_with_double_precision_for_every_grouping() {
        // More positions than a block; groups of one to more than the largest; widths with a remainder.
        for (heads, kv_heads, head_dim) in [
            (1, 1, 8),
            (4, 2, 16),
            (3, 1, 10),
            (6, 2, 64),
            (4, 1, 6),
            (7, 1, 18),
        ] {
            let m = BLOCK + 7;
            let mut shape = AttentionShape {
                heads,
                kv_heads,
                head_dim,
                capacity: m + 3,
                past: 0,
            };
            let wave =
                |len: usize, step: f32| (0..len).map(move |at| (at as f32 * step).sin() * 2.0);
            let qkv: Vec<f32> = wave(m * shape.qkv_size(), 0.37).collect();
            let rope: Vec<f32> = wave(shape.capacity * head_dim, 0.11).collect();
            let mut cache = vec![0.0; 2 * shape.kv_size() * shape.capacity];
            let mut out = vec![0.0; m * shape.out_size()];
            let mut scratch = Scratch::default();
            // In two pieces.
            for rows in [0..5, 5..m] {
                shape.past = rows.start;
                let part = &qkv[rows.start * shape.qkv_size()..rows.end * shape.qkv_size()];
                append(part, &rope, &mut cache, shape);
                for row in rows {
                    let qkv = &qkv[row * shape.qkv_size()..][..shape.qkv_size()];
                    let out = &mut out[row * shape.out_size()..][..shape.out_size()];
                    attend(qkv, &rope, &cache, (shape, row), &mut scratch, out);
                }
            }
            for (out, expected) in out.iter().zip(reference(&qkv, &rope, shape)) {
                assert!(
                    (f64::from(*out) - expected).abs() < 2e-5,
                    "{shape:?}: {out} {expected}"
                );
            }
        }
    }
}
