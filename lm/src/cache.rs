//! The KV cache: one owner, made once for its capacity.
//!
//! `len` alone says what is valid. Truncating moves it back; what lies behind it is never read, because attention
//! looks at positions before `len` and at those that the same call appends.

use crate::cpu::CpuState;
use crate::device::Device;
#[cfg(feature = "webgpu")]
use crate::webgpu::WebgpuState;
use crate::{LlamaConfig, LmError};

/// Keys and values of every layer for up to `capacity` positions, beside the weights, and what a token is computed in.
#[derive(Debug)]
pub struct KvCache {
    pub(crate) state: State,
    len: usize,
    capacity: usize,
}

/// The cache where it is.
#[derive(Debug)]
pub(crate) enum State {
    Cpu(CpuState),
    #[cfg(feature = "webgpu")]
    Webgpu(WebgpuState),
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
        let state = match device {
            Device::Cpu => State::Cpu(CpuState::new(config, capacity)),
            #[cfg(feature = "webgpu")]
            Device::Webgpu(device, kernels) => {
                State::Webgpu(WebgpuState::new(config, capacity, (device, *kernels)))
            }
        };
        Ok(Self {
            state,
            len: 0,
            capacity,
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
        self.capacity
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
}
