//! Graphs with GroupQueryAttention: past and present are the same buffer, bound once, so that nothing is copied.

use ort::memory::MemoryInfo;
use ort::session::{IoBinding, Session};

use super::EngineError;
use super::graph::Signature;
use super::tensors::{cache_tensor, cpu_memory, last_logits, row};

/// A session with its cache.
#[derive(Debug)]
pub(crate) struct SharedCache {
    session: Session,
    binding: IoBinding,
    signature: Signature,
    memory: MemoryInfo<'static>,
    vocab_size: usize,
    len: usize,
    capacity: usize,
}

impl SharedCache {
    pub(crate) fn new(
        session: Session,
        signature: Signature,
        vocab_size: usize,
        capacity: usize,
    ) -> Result<Self, EngineError> {
        let capacity = signature.cache_len.unwrap_or(capacity);
        let mut binding = session
            .create_binding()
            .map_err(EngineError::ort("binding"))?;
        for (input, output) in &signature.cache {
            let tensor = cache_tensor(&session, &signature, capacity)?;
            binding
                .bind_input(input, &tensor)
                .map_err(EngineError::ort("binding the KV cache"))?;
            binding
                .bind_output(output, tensor)
                .map_err(EngineError::ort("binding the KV cache"))?;
        }
        Ok(Self {
            session,
            binding,
            signature,
            memory: cpu_memory()?,
            vocab_size,
            len: 0,
            capacity,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn run(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        let total = self.len + tokens.len();
        let bind = EngineError::ort;
        let ids = row(tokens.iter().map(|&id| i64::from(id)))?;
        self.binding
            .bind_input("input_ids", &ids)
            .map_err(bind("binding the tokens"))?;
        if self.signature.has_attention_mask {
            let mask = row((0..total).map(|_| 1))?;
            self.binding
                .bind_input("attention_mask", &mask)
                .map_err(bind("binding the mask"))?;
        }
        if self.signature.has_position_ids {
            let positions = row((self.len..total).map(|position| position as i64))?;
            self.binding
                .bind_input("position_ids", &positions)
                .map_err(bind("binding the positions"))?;
        }
        // Anew each time: a binding keeps the last run's buffer, and some graphs give a row of logits for every token.
        self.binding
            .bind_output_to_device("logits", &self.memory)
            .map_err(bind("binding the logits"))?;
        let outputs = self
            .session
            .run_binding(&self.binding)
            .map_err(bind("running"))?;
        let logits = last_logits(&outputs, self.vocab_size)?;
        self.len = total;
        Ok(logits)
    }

    /// What lies behind `len` is never looked at again: the mask says how much counts.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
}
