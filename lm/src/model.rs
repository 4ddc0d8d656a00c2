//! A model on a device: the network, wherever its weights are.

use std::sync::Arc;

use sotto_core::vector::are_finite;

use crate::cache::{KvCache, State};
use crate::cpu::Cpu;
use crate::device::Device;
use crate::network::{Network, Rows};
use crate::ngrams::{self, Ngrams};
#[cfg(feature = "webgpu")]
use crate::webgpu::Webgpu;
use crate::weights::Weights;
use crate::{Adapter, AdapterError, LlamaConfig, LmError};

/// A Llama-architecture model on a device.
#[derive(Debug)]
pub struct Llama {
    config: LlamaConfig,
    network: Placed,
    ngrams: Option<Ngrams>,
    adapter: Option<Arc<Adapter>>,
    device: Device,
}

#[derive(Debug)]
enum Placed {
    Cpu(Network<Cpu>),
    #[cfg(feature = "webgpu")]
    Webgpu(Network<Webgpu>),
}

impl Llama {
    /// Places the weights on `device`.
    ///
    /// # Errors
    /// [`LmError::Tensor`] if a tensor is missing, of another shape or type, or belongs to no part of the model.
    pub fn load(
        config: &LlamaConfig,
        mut weights: Weights,
        device: &Device,
    ) -> Result<Self, LmError> {
        let ngrams = Ngrams::take(&mut weights, config.vocab_size)?;
        let network = match device {
            Device::Cpu => Placed::Cpu(Network::load(config, weights, &Cpu)?),
            #[cfg(feature = "webgpu")]
            Device::Webgpu(device, _) => {
                Placed::Webgpu(Network::load(config, weights, &Webgpu::new(device))?)
            }
        };
        Ok(Self {
            config: config.clone(),
            network,
            ngrams,
            adapter: None,
            device: device.clone(),
        })
    }

    /// The sizes.
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }

    /// Where the weights are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Mixes what the tables know of token sequences into the logits behind `ids`: the model's, then the adapter's.
    pub(crate) fn blend(&self, ids: &[u32], logits: &mut [f32]) {
        let own = self
            .adapter
            .as_ref()
            .and_then(|adapter| adapter.ngrams.as_ref());
        ngrams::blend(self.ngrams.iter().chain(own), ids, logits);
    }

    /// What changes the model's answers now.
    pub fn adapter(&self) -> Option<&Arc<Adapter>> {
        self.adapter.as_ref()
    }

    /// Takes another adapter, or none. Keys and values that were computed before do not belong to it.
    pub(crate) fn set_adapter(
        &mut self,
        adapter: Option<Arc<Adapter>>,
    ) -> Result<(), AdapterError> {
        if let Some(adapter) = &adapter {
            if !matches!(self.device, Device::Cpu) {
                return Err(AdapterError::Backend);
            }
            // The adapter was made for a model of the same sum; this keeps a slip of the caller's from being a panic later.
            if adapter.layers.len() != self.config.layers {
                return Err(AdapterError::OtherModel);
            }
        }
        self.adapter = adapter;
        Ok(())
    }

    /// How many tokens are worth computing before anybody looks at one; with 1 there is nothing to gain.
    #[cfg(feature = "webgpu")]
    pub(crate) fn draft_tokens(&self) -> usize {
        match (&self.network, &self.device) {
            (Placed::Webgpu(network), Device::Webgpu(_, kernels)) if network.takes_rounded() => {
                kernels.draft()
            }
            _ => 1,
        }
    }

    /// Logits after `token` at the end of `cache`, and after each of the likeliest tokens that follow, `count` rows in all,
    /// with one wait. Moves `cache` no further: what is behind its length is the caller's to claim.
    ///
    /// # Errors
    /// [`LmError::Device`] if the device failed while computing.
    #[cfg(feature = "webgpu")]
    pub(crate) async fn draft(
        &self,
        token: u32,
        count: usize,
        cache: &mut KvCache,
    ) -> Result<Vec<f32>, LmError> {
        let at = (cache.len(), count);
        match (&self.network, &mut cache.state) {
            (Placed::Webgpu(network), State::Webgpu(state)) => {
                finite(network.draft(token, at, &self.config, state).await?)
            }
            _ => unreachable!("callers ask draft_tokens first"),
        }
    }

    /// Runs the layers over `tokens`, appending them to `cache`, which then also holds the residual stream at `rows`.
    ///
    /// # Shapes
    /// `tokens`: `[m]`, `m >= 1`, each below the vocabulary size; `cache` has room.
    pub(crate) fn forward(&self, tokens: &[u32], cache: &mut KvCache, rows: Rows) {
        let at = (cache.len(), rows);
        match (&self.network, &mut cache.state) {
            (Placed::Cpu(network), State::Cpu(state)) => {
                let model = (&self.config, self.adapter.as_deref());
                network.forward(tokens, at, model, state);
            }
            #[cfg(feature = "webgpu")]
            (Placed::Webgpu(network), State::Webgpu(state)) => {
                network.forward(tokens, at, &self.config, state);
            }
            #[cfg(feature = "webgpu")]
            _ => unreachable!("a decoder makes its cache for its model's device"),
        }
        cache.advance(tokens.len());
    }

    /// Logits of the positions whose residual stream [`Self::forward`] left in `cache`.
    ///
    /// # Shapes
    /// Result: `[m, vocab]`, row by row.
    ///
    /// # Errors
    /// [`LmError::Device`] if the device failed while computing.
    pub(crate) async fn logits(&self, cache: &mut KvCache) -> Result<Vec<f32>, LmError> {
        let logits = match (&self.network, &mut cache.state) {
            (Placed::Cpu(network), State::Cpu(state)) => {
                network.logits((&self.config, self.adapter.as_deref()), state)
            }
            #[cfg(feature = "webgpu")]
            (Placed::Webgpu(network), State::Webgpu(state)) => {
                network.logits(&self.config, state).await?
            }
            #[cfg(feature = "webgpu")]
            _ => unreachable!("a decoder makes its cache for its model's device"),
        };
        finite(logits)
    }
}

/// Refuses what a device should never give.
fn finite(logits: Vec<f32>) -> Result<Vec<f32>, LmError> {
    if are_finite(&logits) {
        Ok(logits)
    } else {
        Err(LmError::Device("logits that are not numbers".to_owned()))
    }
}
