//! Low-rank adapters (LoRA): what a model learns of one person's writing, beside weights that stay as they are.
//!
//! A weight matrix `W [n, k]` becomes `W + alpha / rank * B A` with `A [rank, k]` and `B [n, rank]`, and is never merged: `B (A x)`
//! is added to each product, so that an adapter can be switched while the model stays loaded, and a model with INT8
//! weights needs no second copy of them.
//!
//! Beside the factors an adapter may have a table of the person's own token sequences, mixed in as that of the model is
//! ([`crate::ngrams`]): names and set phrases, which low ranks are slow to learn.
//!
//! Queries, keys and values share one `A`, gate and up another: they are one product of the network each.
//!
//! # Source
//! E. Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models*, 2021, section 4.1.

mod error;
mod factors;
mod file;
mod low_rank;
mod place;

pub use error::AdapterError;
pub use factors::{AdapterInfo, Factors};
pub use file::{ADAPTER_FORMAT, MAX_ADAPTER_BYTES, MAX_RANK};
pub use place::{Slot, Target};

use sotto_core::pack::Sha256;

use crate::LlamaConfig;
use crate::ngrams::Ngrams;
#[cfg(feature = "train")]
pub(crate) use factors::Pair;
pub(crate) use low_rank::{LowRank, LowRankScratch};

/// An adapter that was read, checked and laid out for the CPU. Cheap to share between decoders behind an `Arc`.
#[derive(Debug)]
pub struct Adapter {
    info: AdapterInfo,
    /// One a layer.
    pub(crate) layers: Vec<LayerAdapter>,
    pub(crate) head: Option<LowRank>,
    pub(crate) ngrams: Option<Ngrams>,
}

/// What is added to the products of one layer.
#[derive(Debug, Default)]
pub(crate) struct LayerAdapter {
    pub(crate) qkv: Option<LowRank>,
    pub(crate) attention_out: Option<LowRank>,
    pub(crate) gate_up: Option<LowRank>,
    pub(crate) down: Option<LowRank>,
}

impl Adapter {
    /// Reads an adapter file for a model. `base`: what the model's pack says that it is
    /// ([`sotto_core::pack::Manifest::base_sum`]).
    ///
    /// # Errors
    /// [`AdapterError`]: the file is too large, damaged, of another format, for another model, or of other shapes. Nothing
    /// is allocated for a file before its size and its header are within their limits.
    pub fn from_bytes(
        bytes: &[u8],
        config: &LlamaConfig,
        base: &Sha256,
    ) -> Result<Self, AdapterError> {
        Self::new(&Factors::from_bytes(bytes)?, config, base)
    }

    /// Lays factors out for a model.
    ///
    /// # Errors
    /// [`AdapterError::OtherModel`], [`AdapterError::Tensor`].
    pub fn new(
        factors: &Factors,
        config: &LlamaConfig,
        base: &Sha256,
    ) -> Result<Self, AdapterError> {
        if factors.info().base != *base {
            return Err(AdapterError::OtherModel);
        }
        factors.check(config)?;
        let of = |layer: usize, target: Target| factors.low_rank(Slot::in_layer(layer, target));
        let layers = (0..config.layers).map(|layer| LayerAdapter {
            qkv: of(layer, Target::Qkv),
            attention_out: of(layer, Target::AttentionOut),
            gate_up: of(layer, Target::GateUp),
            down: of(layer, Target::Down),
        });
        Ok(Self {
            info: factors.info().clone(),
            layers: layers.collect(),
            head: factors.low_rank(Slot::HEAD),
            ngrams: factors.ngrams().cloned(),
        })
    }

    /// What it is.
    pub fn info(&self) -> &AdapterInfo {
        &self.info
    }
}

#[cfg(test)]
mod tests;
