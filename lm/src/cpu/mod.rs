//! The network on the CPU, on one thread, in plain Rust: [`crate::kernels`] on slices, without burn.
//!
//! A token takes well under a millisecond here, some fifty small products and passes over a few hundred numbers. With
//! a tensor, a dispatch and a buffer for each, as burn's CPU backend has them, more than half of the time went there.

mod layer;

use self::layer::{Matrix, Scratch, head};
use crate::LlamaConfig;
use crate::adapter::Adapter;
use crate::kernels::attention::AttentionShape;
use crate::kernels::tiles::Tiles;
use crate::network::{Network, Place, Rows};
use crate::rope::rope_table;
use crate::weights::StoredMatrix;

/// The memory of this process.
#[derive(Debug)]
pub(crate) struct Cpu;

impl Place for Cpu {
    type Matrix = Matrix;
    type Vector = Vec<f32>;

    fn matrix(&self, stored: StoredMatrix) -> Matrix {
        match stored {
            StoredMatrix::Float { cols, values } => Matrix::Float { values, k: cols },
            StoredMatrix::Int8 {
                cols,
                packed,
                scales,
            } => Matrix::Int8(Tiles::new(&packed, cols / 4, &scales)),
        }
    }

    fn vector(&self, values: Vec<f32>) -> Vec<f32> {
        values
    }
}

/// What changes with every token.
#[derive(Debug)]
pub(crate) struct CpuState {
    /// Keys and values, one a layer: `[2, kv_heads, capacity, head_dim]`, rotated keys, then values.
    cache: Vec<Vec<f32>>,
    /// Cosines, then sines: `[capacity, head_dim]`.
    rope: Vec<f32>,
    shape: AttentionShape,
    /// The residual stream: `[m, hidden]`.
    x: Vec<f32>,
    scratch: Scratch,
}

impl CpuState {
    /// An empty cache of `capacity` positions.
    pub(crate) fn new(config: &LlamaConfig, capacity: usize) -> Self {
        let shape = config.attention_shape(capacity);
        let layer_size = 2 * config.kv_size() * capacity;
        Self {
            cache: (0..config.layers).map(|_| vec![0.0; layer_size]).collect(),
            rope: rope_table(config, capacity),
            shape,
            x: Vec::new(),
            scratch: Scratch::new(),
        }
    }
}

impl Network<Cpu> {
    /// Runs the layers over `tokens`, which become the positions from `past` on. `state` then holds the residual
    /// stream at `rows`.
    ///
    /// # Shapes
    /// `tokens`: `[m]`, `m >= 1`, each below the vocabulary size; `past + m` positions fit.
    pub(crate) fn forward(
        &self,
        tokens: &[u32],
        (past, rows): (usize, Rows),
        (config, adapter): (&LlamaConfig, Option<&Adapter>),
        state: &mut CpuState,
    ) {
        let hidden = config.hidden_size;
        let CpuState {
            cache,
            rope,
            shape,
            x,
            scratch,
        } = state;
        x.resize(tokens.len() * hidden, 0.0);
        for (&token, x) in tokens.iter().zip(x.chunks_exact_mut(hidden)) {
            self.embedding.row(token as usize, x);
        }
        let shape = AttentionShape { past, ..*shape };
        let last = self.layers.len() - 1;
        for (at, (layer, cache)) in self.layers.iter().zip(cache).enumerate() {
            let rows = if at == last { rows } else { Rows::All };
            layer.forward(
                x,
                config.rms_norm_eps,
                (rope, cache),
                (shape, rows),
                adapter.map(|adapter| &adapter.layers[at]),
                scratch,
            );
        }
        if rows == Rows::Last {
            x.drain(..(tokens.len() - 1) * hidden);
        }
    }

    /// Logits of the positions that [`Self::forward`] left.
    ///
    /// # Shapes
    /// Result: `[m, vocab]`.
    pub(crate) fn logits(
        &self,
        (config, adapter): (&LlamaConfig, Option<&Adapter>),
        state: &mut CpuState,
    ) -> Vec<f32> {
        let norm = (&self.norm[..], config.rms_norm_eps);
        let m = state.x.len() / config.hidden_size;
        let mut logits = vec![0.0; m * config.vocab_size];
        let adapter = adapter.and_then(|adapter| adapter.head.as_ref());
        let weights = (self.head(), adapter);
        head(&state.x, norm, weights, &mut state.scratch, &mut logits);
        logits
    }
}
