//! The shaders, in CubeCL. Buffers are contiguous and hold `f32`; packed INT8 weights are `i32` words.
//!
//! Sizes are compile-time constants of a shader, so that each model compiles a dozen of them once; only the number
//! of positions changes between calls. Workgroups have 64 invocations and less than 4 KiB of shared memory, a quarter
//! of what every WebGPU device offers.
//!
//! In a product with weights one invocation makes one output and neighbours read neighbouring words, which is why the
//! INT8 words lie column by column here. There is no barrier in it: on a software adapter a workgroup with one costs
//! about eighty microseconds, and a token would have three thousand of them.
#![allow(
    missing_docs,
    reason = "the attribute writes launch functions beside each shader"
)]

use cubecl::prelude::*;

/// Invocations of a workgroup.
pub(super) const UNITS: u32 = 64;

/// Rows of `x` that share an unpacked weight when there is more than one.
pub(super) const TILE: usize = 4;

/// Stands for minus infinity, which WGSL has no literal for.
const MASKED: f32 = -1.0e30;

/// Byte `at` of a packed word as a number, sign included.
#[cube]
fn unpack(word: i32, #[comptime] at: u32) -> f32 {
    f32::cast_from((word << (24 - 8 * at) as i32) >> 24)
}

/// `out[m, n] (+)= x[m, k] * (weights * scales[n])^T`, with the words of `weights` as `[words, n]`. Invocation `x`: one
/// row of weights; workgroup `y`: `tile` rows of `x`.
#[cube(launch)]
pub(super) fn int8_linear(
    x: &[f32],
    weights: &[i32],
    scales: &[f32],
    out: &mut [f32],
    m: u32,
    #[comptime] k: usize,
    #[comptime] n: usize,
    #[comptime] tile: usize,
    #[comptime] add: bool,
) {
    let row = ABSOLUTE_POS_X as usize;
    let first = CUBE_POS_Y as usize * tile;
    if row < n {
        let mut sums = Array::<f32>::new(tile);
        #[unroll]
        for t in 0..tile {
            sums[t] = 0.0;
        }
        for word in 0..comptime!(k / 4) {
            let packed = weights[word * n + row];
            let w0 = unpack(packed, 0u32);
            let w1 = unpack(packed, 1u32);
            let w2 = unpack(packed, 2u32);
            let w3 = unpack(packed, 3u32);
            #[unroll]
            for t in 0..tile {
                let start = (first + t) * k + word * 4;
                sums[t] +=
                    w0 * x[start] + w1 * x[start + 1] + w2 * x[start + 2] + w3 * x[start + 3];
            }
        }
        let scale = scales[row];
        #[unroll]
        for t in 0..tile {
            if first + t < m as usize {
                let at = (first + t) * n + row;
                let product = sums[t] * scale;
                if add {
                    out[at] += product;
                } else {
                    out[at] = product;
                }
            }
        }
    }
}

/// `out[m, n] (+)= x[m, k] * weights[n, k]^T`. Invocation `x`: one row of weights; workgroup `y`: one row of `x`. For
/// parity tests; shipped models are INT8.
#[cube(launch)]
pub(super) fn float_linear(
    x: &[f32],
    weights: &[f32],
    out: &mut [f32],
    #[comptime] k: usize,
    #[comptime] n: usize,
    #[comptime] add: bool,
) {
    let row = ABSOLUTE_POS_X as usize;
    let x_row = CUBE_POS_Y as usize;
    if row < n {
        let mut sum = 0.0f32;
        for at in 0..k {
            sum += weights[row * k + at] * x[x_row * k + at];
        }
        if add {
            out[x_row * n + row] += sum;
        } else {
            out[x_row * n + row] = sum;
        }
    }
}

/// `out[m, width] = weights[ids[m]]`. One invocation an element.
#[cube(launch)]
pub(super) fn float_rows(ids: &[i32], weights: &[f32], out: &mut [f32], #[comptime] width: usize) {
    let at = ABSOLUTE_POS;
    if at < out.len() {
        let id = ids[at / width] as usize;
        out[at] = weights[id * width + at % width];
    }
}

/// `out[m, width] = weights[ids[m]] * scales[ids[m]]`, with the words of `weights` as `[words, n]`. One invocation an
/// element.
#[cube(launch)]
pub(super) fn int8_rows(
    ids: &[i32],
    weights: &[i32],
    scales: &[f32],
    out: &mut [f32],
    #[comptime] width: usize,
) {
    let at = ABSOLUTE_POS;
    if at < out.len() {
        let id = ids[at / width] as usize;
        let column = at % width;
        let word = weights[column / 4 * scales.len() + id];
        let shift = 24 - 8 * (column % 4) as i32;
        out[at] = f32::cast_from((word << shift) >> 24) * scales[id];
    }
}

/// RMSNorm. One workgroup a row.
#[cube(launch)]
pub(super) fn rms_norm(
    x: &[f32],
    gain: &[f32],
    out: &mut [f32],
    eps: f32,
    #[comptime] width: usize,
) {
    let start = CUBE_POS_X as usize * width;
    let unit = UNIT_POS_X as usize;
    let mut partial = Shared::<[f32]>::new_slice(UNITS as usize);
    let mut sum = 0.0f32;
    for at in range_stepped(unit, width, UNITS as usize) {
        let value = x[start + at];
        sum += value * value;
    }
    partial[unit] = sum;
    sync_cube();
    let mut total = 0.0f32;
    for at in 0..UNITS as usize {
        total += partial[at];
    }
    let scale = 1.0f32 / (total / width as f32 + eps).sqrt();
    for at in range_stepped(unit, width, UNITS as usize) {
        out[start + at] = x[start + at] * scale * gain[at];
    }
}

/// `silu(gate) * up` of rows `[gate | up]`. One invocation an element.
#[cube(launch)]
pub(super) fn swiglu(gate_up: &[f32], out: &mut [f32], #[comptime] width: usize) {
    let at = ABSOLUTE_POS;
    if at < out.len() {
        let start = at / width * 2 * width + at % width;
        let gate = gate_up[start];
        out[at] = gate / (1.0f32 + (-gate).exp()) * gate_up[start + width];
    }
}

/// Element `at` of a head, rotated: rotate-half with `angles[head_dim]`, cosines then sines.
#[cube]
fn rotated(
    x: &[f32],
    head: usize,
    at: usize,
    angles: &[f32],
    angle: usize,
    #[comptime] head_dim: usize,
) -> f32 {
    let half = comptime!(head_dim / 2);
    let pair = at % half;
    let first = x[head + pair];
    let second = x[head + half + pair];
    let cos = angles[angle + pair];
    let sin = angles[angle + half + pair];
    select(
        at < half,
        first * cos - second * sin,
        second * cos + first * sin,
    )
}

/// Puts rotated keys and values of the rows of `qkv` into the cache, from position `past` on. One invocation an
/// element of a key.
#[cube(launch)]
pub(super) fn append(
    qkv: &[f32],
    rope: &[f32],
    cache: &mut [f32],
    past: u32,
    #[comptime] heads: usize,
    #[comptime] kv_heads: usize,
    #[comptime] head_dim: usize,
    #[comptime] capacity: usize,
) {
    let row_size = comptime!((heads + 2 * kv_heads) * head_dim);
    let kv_size = comptime!(kv_heads * head_dim);
    let row = ABSOLUTE_POS / kv_size;
    if row < qkv.len() / row_size {
        let within = ABSOLUTE_POS % kv_size;
        let head = within / head_dim;
        let at = within % head_dim;
        let position = past as usize + row;
        let key = row * row_size + (heads + head) * head_dim;
        let target = (head * capacity + position) * head_dim + at;
        cache[target] = rotated(qkv, key, at, rope, position * head_dim, head_dim);
        cache[kv_size * capacity + target] = qkv[key + kv_size + at];
    }
}

/// Causal attention over the cache. Workgroup `(head, row)`; positions in blocks of `UNITS`, with a running maximum
/// and sum, so that shared memory does not grow with the context.
///
/// # Source
/// M. Milakov, N. Gimelshein, *Online normalizer calculation for softmax*, 2018, algorithm 3.
#[cube(launch)]
pub(super) fn attend(
    qkv: &[f32],
    rope: &[f32],
    cache: &[f32],
    out: &mut [f32],
    past: u32,
    scale: f32,
    #[comptime] heads: usize,
    #[comptime] kv_heads: usize,
    #[comptime] head_dim: usize,
    #[comptime] capacity: usize,
) {
    let units = UNITS as usize;
    let unit = UNIT_POS_X as usize;
    let head = CUBE_POS_X as usize;
    let row = CUBE_POS_Y as usize;
    let last = past as usize + row;
    let keys = head / comptime!(heads / kv_heads) * capacity * head_dim;
    let values = keys + comptime!(kv_heads * capacity * head_dim);
    let source = (row * comptime!(heads + 2 * kv_heads) + head) * head_dim;
    let mut query = Shared::<[f32]>::new_slice(head_dim);
    let mut scores = Shared::<[f32]>::new_slice(units);
    let mut probs = Shared::<[f32]>::new_slice(units);
    // Each element belongs to one invocation; shared only so that its number need not be known.
    let mut sums = Shared::<[f32]>::new_slice(head_dim);
    for at in range_stepped(unit, head_dim, units) {
        query[at] = rotated(qkv, source, at, rope, last * head_dim, head_dim) * scale;
        sums[at] = 0.0;
    }
    sync_cube();
    let mut largest = f32::new(MASKED);
    let mut total = 0.0f32;
    let blocks = last / units + 1;
    for block in 0..blocks {
        let position = block * units + unit;
        let mut score = f32::new(MASKED);
        if position <= last {
            score = 0.0;
            for at in 0..head_dim {
                score += query[at] * cache[keys + position * head_dim + at];
            }
        }
        scores[unit] = score;
        sync_cube();
        let mut new_largest = largest;
        for other in 0..units {
            new_largest = max(new_largest, scores[other]);
        }
        let shrink = (largest - new_largest).exp();
        largest = new_largest;
        probs[unit] = (score - largest).exp();
        sync_cube();
        total *= shrink;
        for other in 0..units {
            total += probs[other];
        }
        let filled = min(units, last + 1 - block * units);
        for at in range_stepped(unit, head_dim, units) {
            let mut sum = sums[at] * shrink;
            for other in 0..filled {
                sum += probs[other] * cache[values + (block * units + other) * head_dim + at];
            }
            sums[at] = sum;
        }
    }
    for at in range_stepped(unit, head_dim, units) {
        out[(row * heads + head) * head_dim + at] = sums[at] / total;
    }
}
