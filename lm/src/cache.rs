//! The KV cache: one preallocated tensor per layer, one owner.
//!
//! `len` alone says what is valid. Truncating moves it back; what lies behind it is never read, because attention
//! looks at positions before `len` and at those that the same call appends.

use burn::tensor::{Device, Tensor, TensorData};

use crate::ops::{self, AttentionShape};
use crate::{LlamaConfig, LmError};

/// Keys and values of every layer for up to `capacity` positions.
///
/// # Shapes
/// One tensor per layer, `[2, kv_heads, capacity, head_dim]`: rotated keys, then values.
#[derive(Debug)]
pub struct KvCache {
    /// `None` only while a call is working on the layer.
    layers: Vec<Option<Tensor<4>>>,
    /// Cosines, then sines: `[capacity, head_dim]`.
    rope: Tensor<2>,
    shape: AttentionShape,
    len: usize,
}

impl KvCache {
    /// An empty cache.
    ///
    /// # Errors
    /// [`LmError::Config`] if `capacity` is zero or more than the positions that the model was made for.
    pub fn new(config: &LlamaConfig, capacity: usize, device: &Device) -> Result<Self, LmError> {
        if !(1..=config.max_positions).contains(&capacity) {
            return Err(LmError::Config(
                "the context is longer than max_position_embeddings",
            ));
        }
        let shape = AttentionShape {
            heads: config.heads,
            kv_heads: config.kv_heads,
            head_dim: config.head_dim,
            capacity,
            past: 0,
        };
        let layer = || Tensor::zeros([2, config.kv_heads, capacity, config.head_dim], device);
        Ok(Self {
            layers: (0..config.layers).map(|_| Some(layer())).collect(),
            rope: rope_table(config, capacity, device),
            shape,
            len: 0,
        })
    }

    /// Positions held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no position is held.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Positions that fit.
    pub fn capacity(&self) -> usize {
        self.shape.capacity
    }

    /// Forgets every position at and after `len`. Does nothing if the cache is shorter.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Checks that `tokens` more positions fit.
    ///
    /// # Errors
    /// [`LmError::CacheFull`] if they do not.
    pub(crate) fn reserve(&self, tokens: usize) -> Result<(), LmError> {
        let (needed, capacity) = (self.len.saturating_add(tokens), self.capacity());
        if needed <= capacity {
            Ok(())
        } else {
            Err(LmError::CacheFull { needed, capacity })
        }
    }

    /// Counts `tokens` appended positions as held, once every layer has them.
    pub(crate) fn advance(&mut self, tokens: usize) {
        self.len += tokens;
        debug_assert!(self.len <= self.capacity(), "reserve was called first");
    }

    /// Attention of layer `layer` for the rows of `qkv`, which become the positions after `len`.
    ///
    /// # Shapes
    /// `qkv`: `[m, (heads + 2 * kv_heads) * head_dim]`; result: `[m, heads * head_dim]`.
    pub(crate) fn attend(&mut self, layer: usize, qkv: Tensor<2>) -> Tensor<2> {
        // Taken out so that the operation holds the only handle and may write in place.
        let keys_values = self.layers[layer]
            .take()
            .expect("put back at the end of every call");
        let shape = AttentionShape {
            past: self.len,
            ..self.shape
        };
        let (out, keys_values) = ops::attention(qkv, &self.rope, keys_values, shape);
        self.layers[layer] = Some(keys_values);
        out
    }
}

/// Cosines and sines by position, in the same single precision steps as the reference implementation.
fn rope_table(config: &LlamaConfig, capacity: usize, device: &Device) -> Tensor<2> {
    let half = config.head_dim / 2;
    let frequency = |at: usize| {
        1.0 / config
            .rope_theta
            .powf((2 * at) as f32 / config.head_dim as f32)
    };
    let frequencies: Vec<f32> = (0..half).map(frequency).collect();
    let mut table = Vec::with_capacity(capacity * config.head_dim);
    for position in 0..capacity {
        let angles = || {
            frequencies
                .iter()
                .map(|frequency| f64::from(position as f32 * frequency))
        };
        table.extend(angles().map(|angle| angle.cos() as f32));
        table.extend(angles().map(|angle| angle.sin() as f32));
    }
    Tensor::from_data(TensorData::new(table, [capacity, config.head_dim]), device)
}
