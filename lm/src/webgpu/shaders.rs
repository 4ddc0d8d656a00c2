//! The shaders, in CubeCL. Buffers are contiguous and hold `f32`; packed INT8 weights are `i32` words.
//!
//! Sizes are compile-time constants of a shader, so that each model compiles a dozen of them once; only the number
//! of positions changes between calls. Workgroups have 64 invocations and less than 4 KiB of shared memory, a quarter
//! of what every WebGPU device offers.
//!
//! In a product with weights neighbours read neighbouring words, which is why the INT8 words lie column by column here. There is
//! no barrier in it: on a software adapter a workgroup with one costs about eighty microseconds, and a token would
//! have three thousand of them.
#![allow(
    missing_docs,
    reason = "the attribute writes launch functions beside each shader"
)]

use cubecl::prelude::*;

/// Invocations of a workgroup.
pub(super) const UNITS: u32 = 64;

/// Rows of `x` that share an unpacked weight when there is more than one.
pub(super) const TILE: usize = 8;

/// Rows of weights to an invocation.
pub(super) const QUAD: usize = 4;

/// Stands for minus infinity, which WGSL has no literal for.
const MASKED: f32 = -1.0e30;

/// Byte `at` of a packed word as a number, sign included.
#[cube]
fn unpack(word: i32, #[comptime] at: u32) -> f32 {
    f32::cast_from((word << (24 - 8 * at) as i32) >> 24)
}

/// `out[m, n] (+)= x[m, k] * (weights * scales[n])^T`, with the words of `weights` as `[words, n]`. Invocation `x`: four
/// rows of weights; workgroup `y`: `tile` rows of `x`. What is read serves several sums: on a software adapter reading
/// costs more than multiplying.
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
    let first_row = ABSOLUTE_POS_X as usize * QUAD;
    let first = CUBE_POS_Y as usize * tile;
    if first_row < n {
        let mut sums = Array::<f32>::new(comptime!(QUAD * tile));
        #[unroll]
        for at in 0..comptime!(QUAD * tile) {
            sums[at] = 0.0;
        }
        for word in 0..comptime!(k / 4) {
            let mut values = Array::<f32>::new(comptime!(4 * QUAD));
            #[unroll]
            for row in 0..QUAD {
                let packed = weights[word * n + first_row + row];
                values[4 * row] = unpack(packed, 0u32);
                values[4 * row + 1] = unpack(packed, 1u32);
                values[4 * row + 2] = unpack(packed, 2u32);
                values[4 * row + 3] = unpack(packed, 3u32);
            }
            #[unroll]
            for t in 0..tile {
                let start = (first + t) * k + word * 4;
                let (x0, x1, x2, x3) = (x[start], x[start + 1], x[start + 2], x[start + 3]);
                #[unroll]
                for row in 0..QUAD {
                    sums[t * QUAD + row] += values[4 * row] * x0
                        + values[4 * row + 1] * x1
                        + values[4 * row + 2] * x2
                        + values[4 * row + 3] * x3;
                }
            }
        }
        #[unroll]
        for row in 0..QUAD {
            if first_row + row < n {
                let scale = scales[first_row + row];
                #[unroll]
                for t in 0..tile {
                    if first + t < m as usize {
                        let at = (first + t) * n + first_row + row;
                        let product = sums[t * QUAD + row] * scale;
                        if add {
                            out[at] += product;
                        } else {
                            out[at] = product;
                        }
                    }
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

/// RMSNorm without a barrier. One invocation a row.
#[cube(launch)]
pub(super) fn rms_norm_rows(
    x: &[f32],
    gain: &[f32],
    out: &mut [f32],
    eps: f32,
    #[comptime] width: usize,
) {
    let start = ABSOLUTE_POS * width;
    if start < out.len() {
        let mut sum = 0.0f32;
        for at in 0..width {
            let value = x[start + at];
            sum += value * value;
        }
        let scale = 1.0f32 / (sum / width as f32 + eps).sqrt();
        for at in 0..width {
            out[start + at] = x[start + at] * scale * gain[at];
        }
    }
}

/// RMSNorm of one row, rounded: `out[width / 4, 2]`. One workgroup.
#[cube(launch)]
pub(super) fn rms_norm_rounded(
    x: &[f32],
    gain: &[f32],
    out: &mut [i32],
    eps: f32,
    #[comptime] width: usize,
) {
    let unit = UNIT_POS_X as usize;
    let mut partial = Shared::<[f32]>::new_slice(UNITS as usize);
    let mut sum = 0.0f32;
    for at in range_stepped(unit, width, UNITS as usize) {
        let value = x[at];
        sum += value * value;
    }
    partial[unit] = sum;
    sync_cube();
    let mut total = 0.0f32;
    for at in 0..UNITS as usize {
        total += partial[at];
    }
    let scale = 1.0f32 / (total / width as f32 + eps).sqrt();
    for word in range_stepped(unit, comptime!(width / 4), UNITS as usize) {
        let at = word * 4;
        round_word(
            x[at] * scale * gain[at],
            x[at + 1] * scale * gain[at + 1],
            x[at + 2] * scale * gain[at + 2],
            x[at + 3] * scale * gain[at + 3],
            out,
            word,
        );
    }
}

/// Rounds `x[width]`: `out[width / 4, 2]`. One invocation a word.
#[cube(launch)]
pub(super) fn round(x: &[f32], out: &mut [i32]) {
    let word = ABSOLUTE_POS;
    let at = word * 4;
    if at < x.len() {
        round_word(x[at], x[at + 1], x[at + 2], x[at + 3], out, word);
    }
}

/// Rounds four values to INT8 with a scale of their own: a word, then the bits of the scale. So fine a scale costs little and
/// leaves an error well below that of the weights.
#[cube]
fn round_word(x0: f32, x1: f32, x2: f32, x3: f32, out: &mut [i32], word: usize) {
    let largest = max(max(x0.abs(), x1.abs()), max(x2.abs(), x3.abs()));
    let steps = select(largest > 0.0, 127.0 / largest, 0.0);
    out[word * 2] = byte(x0 * steps)
        | (byte(x1 * steps) << 8i32)
        | (byte(x2 * steps) << 16i32)
        | (byte(x3 * steps) << 24i32);
    out[word * 2 + 1] = i32::reinterpret(largest / 127.0);
}

/// A number of -127 to 127 as the bits of a byte.
#[cube]
fn byte(value: f32) -> i32 {
    i32::cast_from(value.round()) & 255i32
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

/// Causal attention without a barrier, for software adapters. One invocation a head of a row, positions one after the other with a
/// running maximum and sum (source as above).
#[cube(launch)]
pub(super) fn attend_rows(
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
    if ABSOLUTE_POS * head_dim < out.len() {
        let head = ABSOLUTE_POS % heads;
        let row = ABSOLUTE_POS / heads;
        let last = past as usize + row;
        let keys = head / comptime!(heads / kv_heads) * capacity * head_dim;
        let values = keys + comptime!(kv_heads * capacity * head_dim);
        let source = (row * comptime!(heads + 2 * kv_heads) + head) * head_dim;
        let mut query = Array::<f32>::new(head_dim);
        let mut sums = Array::<f32>::new(head_dim);
        #[unroll]
        for at in 0..head_dim {
            query[at] = rotated(qkv, source, at, rope, last * head_dim, head_dim) * scale;
            sums[at] = 0.0;
        }
        let mut largest = f32::new(MASKED);
        let mut total = 0.0f32;
        for position in 0..last + 1 {
            let mut score = 0.0f32;
            #[unroll]
            for at in 0..head_dim {
                score += query[at] * cache[keys + position * head_dim + at];
            }
            let new_largest = max(largest, score);
            let shrink = (largest - new_largest).exp();
            let weight = (score - new_largest).exp();
            largest = new_largest;
            total = total * shrink + weight;
            #[unroll]
            for at in 0..head_dim {
                sums[at] = sums[at] * shrink + weight * cache[values + position * head_dim + at];
            }
        }
        #[unroll]
        for at in 0..head_dim {
            out[(row * heads + head) * head_dim + at] = sums[at] / total;
        }
    }
}

/// The number of the largest of `values[n]`, the first of equals: `out[1]`. One workgroup.
#[cube(launch)]
pub(super) fn largest(values: &[f32], out: &mut [i32], #[comptime] n: usize) {
    let unit = UNIT_POS_X as usize;
    let mut best_values = Shared::<[f32]>::new_slice(UNITS as usize);
    let mut best_places = Shared::<[i32]>::new_slice(UNITS as usize);
    let mut best = f32::new(MASKED);
    let mut place = 0i32;
    for at in range_stepped(unit, n, UNITS as usize) {
        let value = values[at];
        if value > best {
            best = value;
            place = at as i32;
        }
    }
    best_values[unit] = best;
    best_places[unit] = place;
    sync_cube();
    if unit == 0 {
        for other in 0..UNITS as usize {
            let value = best_values[other];
            let at = best_places[other];
            if value > best || (value == best && at < place) {
                best = value;
                place = at;
            }
        }
        out[0] = place;
    }
}
