//! One layer of the network, and its head, on slices.

use crate::adapter::{LayerAdapter, LowRank, LowRankScratch};
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
    product: ProductScratch,
    attention: attention::Scratch,
    normed: Vec<f32>,
    qkv: Vec<f32>,
    attended: Vec<f32>,
    gate_up: Vec<f32>,
    gated: Vec<f32>,
}

/// What products work in.
#[derive(Debug)]
struct ProductScratch {
    rounded: Rounded,
    low_rank: LowRankScratch,
}

impl Scratch {
    /// Empty, for products with the best instructions of this machine.
    pub(crate) fn new() -> Self {
        Self {
            product: ProductScratch {
                rounded: Rounded::new(Simd::detect()),
                low_rank: LowRankScratch::default(),
            },
            attention: attention::Scratch::default(),
            normed: Vec::new(),
            qkv: Vec::new(),
            attended: Vec::new(),
            gate_up: Vec::new(),
            gated: Vec::new(),
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

    /// `out[m, n] (+)= x[m, k] * weights^T`, and what an adapter adds to that.
    fn multiply(
        &self,
        (x, k): (&[f32], usize),
        adapter: Option<&LowRank>,
        add: bool,
        scratch: &mut ProductScratch,
        out: &mut [f32],
    ) {
        let ProductScratch { rounded, low_rank } = scratch;
        // An adapter's factors are INT8 beside weights of either kind.
        if adapter.is_some() || matches!(self, Self::Int8(_)) {
            rounded.round(x, k);
        }
        match self {
            Self::Float { values, .. } => float_linear(x, values, k, add, out),
            Self::Int8(tiles) => tiles.multiply(rounded, add, out),
        }
        if let Some(adapter) = adapter {
            adapter.add(rounded, low_rank, out);
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
        let of = |part: fn(&LayerAdapter) -> &Option<LowRank>| {
            adapter.and_then(|adapter| part(adapter).as_ref())
        };
        let product = &mut scratch.product;
        let qkv = sized(&mut scratch.qkv, m * shape.qkv_size());
        let normed = sized(&mut scratch.normed, x.len());
        rms_norm(x, &self.attention_norm, eps, normed);
        let adds = of(|adapter| &adapter.qkv);
        self.qkv
            .multiply((normed, hidden), adds, false, product, qkv);
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
        let adds = of(|adapter| &adapter.attention_out);
        let read = (&*attended, shape.out_size());
        self.attention_out.multiply(read, adds, true, product, x);

        let inner = self.gate_up.rows() / 2;
        let normed = &mut normed[..x.len()];
        rms_norm(x, &self.feed_forward_norm, eps, normed);
        let gate_up = sized(&mut scratch.gate_up, m * 2 * inner);
        let adds = of(|adapter| &adapter.gate_up);
        self.gate_up
            .multiply((normed, hidden), adds, false, product, gate_up);
        let gated = sized(&mut scratch.gated, m * inner);
        swiglu(gate_up, inner, gated);
        let adds = of(|adapter| &adapter.down);
        self.down.multiply((gated, inner), adds, true, product, x);
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
    let product = &mut scratch.product;
    weights.multiply((normed, gain.len()), adapter, false, product, out);
}

/// The first `len` values of a buffer that only grows. What they are is of no interest: callers write before they read.
fn sized(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}
