//! One layer of the network, and its head, on slices.

use crate::adapter::{LayerAdapter, LowRank};
use crate::cpu::Cpu;
use crate::kernels::Simd;
use crate::kernels::attention::{self, AttentionShape};
use crate::kernels::elementwise::{float_linear, rms_norm, swiglu};
use crate::kernels::rounded::Rounded;
use crate::kernels::tiles::Tiles;
use crate::network::{Layer, Rows};

/// A weight matrix `[n, k]`.
#[derive(Debug)]
pub(crate) enum Matrix {
    /// Row-major values. For parity tests; shipped models are INT8.
    Float {
        /// `[n, k]`.
        values: Vec<f32>,
        /// Columns.
        k: usize,
    },
    /// INT8.
    Int8(Tiles),
}

/// What layers work in; kept between calls, so that a token allocates nothing here.
#[derive(Debug)]
pub(crate) struct Scratch {
    rounded: Rounded,
    attention: attention::Scratch,
    normed: Vec<f32>,
    qkv: Vec<f32>,
    attended: Vec<f32>,
    gate_up: Vec<f32>,
    gated: Vec<f32>,
    /// What an adapter works in.
    low_rank: Vec<f32>,
}

impl Scratch {
    /// Empty, for products with the best instructions of this machine.
    pub(crate) fn new() -> Self {
        Self {
            rounded: Rounded::new(Simd::detect()),
            attention: attention::Scratch::default(),
            normed: Vec::new(),
            qkv: Vec::new(),
            attended: Vec::new(),
            gate_up: Vec::new(),
            gated: Vec::new(),
            low_rank: Vec::new(),
        }
    }
}

impl Matrix {
    /// A row of the matrix as floating point.
    ///
    /// # Shapes
    /// `out`: `[k]`.
    pub(crate) fn row(&self, number: usize, out: &mut [f32]) {
        match self {
            Self::Float { values, k } => out.copy_from_slice(&values[number * k..][..*k]),
            Self::Int8(tiles) => tiles.row(number, out),
        }
    }

    /// Rows: the width of a product.
    fn rows(&self) -> usize {
        match self {
            Self::Float { values, k } => values.len() / k,
            Self::Int8(tiles) => tiles.rows(),
        }
    }

    /// `out[m, n] (+)= x[m, k] * weights^T`.
    fn multiply(&self, x: &[f32], k: usize, add: bool, rounded: &mut Rounded, out: &mut [f32]) {
        match self {
            Self::Float { values, .. } => float_linear(x, values, k, add, out),
            Self::Int8(tiles) => {
                rounded.round(x, k);
                tiles.multiply(rounded, add, out);
            }
        }
    }
}

impl Layer<Cpu> {
    /// Runs the layer over the residual stream `x` and appends to the cache. With [`Rows::Last`] only the last row of
    /// `x` is of any use afterwards.
    ///
    /// # Shapes
    /// `x`: `[m, hidden]`; `rope`: `[capacity, head_dim]`; `cache`: `[2, kv_heads, capacity, head_dim]`.
    pub(crate) fn forward(
        &self,
        x: &mut [f32],
        eps: f32,
        (rope, cache): (&[f32], &mut [f32]),
        (shape, rows): (AttentionShape, Rows),
        adapter: Option<&LayerAdapter>,
        scratch: &mut Scratch,
    ) {
        let hidden = self.attention_norm.len();
        let m = x.len() / hidden;
        let Scratch {
            rounded, low_rank, ..
        } = scratch;
        let mut adapt =
            |part: fn(&LayerAdapter) -> &Option<LowRank>, x: &[f32], out: &mut [f32]| {
                if let Some(part) = adapter.and_then(|adapter| part(adapter).as_ref()) {
                    part.add(x, low_rank, out);
                }
            };
        let qkv = sized(&mut scratch.qkv, m * shape.qkv_size());
        let normed = sized(&mut scratch.normed, x.len());
        rms_norm(x, &self.attention_norm, eps, normed);
        self.qkv.multiply(normed, hidden, false, rounded, qkv);
        adapt(|adapter| &adapter.qkv, normed, qkv);
        attention::append(qkv, rope, cache, shape);

        // From here on only the rows that are asked for are of any use.
        let first = if rows == Rows::Last { m - 1 } else { 0 };
        let (x, m) = (&mut x[first * hidden..], m - first);
        let attended = sized(&mut scratch.attended, m * shape.out_size());
        let queries = qkv.chunks_exact(shape.qkv_size()).skip(first);
        let positions = (shape.past + first..).zip(queries);
        for ((position, qkv), out) in positions.zip(attended.chunks_exact_mut(shape.out_size())) {
            let at = (shape, position);
            attention::attend(qkv, rope, cache, at, &mut scratch.attention, out);
        }
        let width = shape.out_size();
        self.attention_out
            .multiply(attended, width, true, rounded, x);
        adapt(|adapter| &adapter.attention_out, attended, x);

        let inner = self.gate_up.rows() / 2;
        let normed = &mut normed[..x.len()];
        rms_norm(x, &self.feed_forward_norm, eps, normed);
        let gate_up = sized(&mut scratch.gate_up, m * 2 * inner);
        self.gate_up
            .multiply(normed, hidden, false, rounded, gate_up);
        adapt(|adapter| &adapter.gate_up, normed, gate_up);
        let gated = sized(&mut scratch.gated, m * inner);
        swiglu(gate_up, inner, gated);
        self.down.multiply(gated, inner, true, rounded, x);
        adapt(|adapter| &adapter.down, gated, x);
    }
}

/// Logits: norm and output head.
///
/// # Shapes
/// `x`: `[m, hidden]`; `out`: `[m, vocab]`.
pub(crate) fn head(
    x: &[f32],
    (gain, eps): (&[f32], f32),
    (weights, adapter): (&Matrix, Option<&LowRank>),
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    let normed = sized(&mut scratch.normed, x.len());
    rms_norm(x, gain, eps, normed);
    weights.multiply(normed, gain.len(), false, &mut scratch.rounded, out);
    if let Some(adapter) = adapter {
        adapter.add(normed, &mut scratch.low_rank, out);
    }
}

/// The first `len` values of a buffer that only grows. What they are is of no interest: callers write before they read.
fn sized(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}
