//! Graphs with static shapes, for NPUs: one for a block of tokens, one for a single token, over the same cache. The cache
//! exists twice; each run reads one and writes the other.

use ort::session::{IoBinding, Session};
use ort::value::Tensor;

use super::EngineError;
use super::graph::Signature;
use super::tensors::{cache_tensor, cpu_memory, last_logits, row};

/// Two sessions with their caches.
#[derive(Debug)]
pub(crate) struct FixedCache {
    prefill: Half,
    step: Half,
    /// The cache that holds what was computed last, and the other one.
    caches: [Vec<Tensor<f32>>; 2],
    vocab_size: usize,
    len: usize,
    capacity: usize,
}

/// One session.
#[derive(Debug)]
struct Half {
    session: Session,
    binding: IoBinding,
    signature: Signature,
    /// Tokens of a call.
    tokens: usize,
}

impl FixedCache {
    pub(crate) fn new(
        prefill: (Session, Signature),
        step: (Session, Signature),
        vocab_size: usize,
    ) -> Result<Self, EngineError> {
        let capacity = step
            .1
            .cache_len
            .filter(|&len| prefill.1.cache_len == Some(len))
            .ok_or(EngineError::Graph("has no cache of fixed size"))?;
        let set = || {
            step.1
                .cache
                .iter()
                .map(|_| cache_tensor(&step.0, &step.1, capacity))
                .collect::<Result<Vec<_>, _>>()
        };
        let caches = [set()?, set()?];
        Ok(Self {
            prefill: Half::new(prefill)?,
            step: Half::new(step)?,
            caches,
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
        let start = self.len;
        match self.run_blocks(tokens) {
            Ok(logits) => Ok(logits),
            Err(error) => {
                // Positions from here on are overwritten before they are seen again.
                self.len = start;
                Err(error)
            }
        }
    }

    fn run_blocks(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        let mut logits = Vec::new();
        let mut left = tokens;
        while !left.is_empty() {
            let half = if left.len() == 1 {
                &mut self.step
            } else {
                &mut self.prefill
            };
            let (block, rest) = left.split_at(left.len().min(half.tokens));
            let [past, present] = &mut self.caches;
            logits = half.run(
                block,
                self.len,
                self.capacity,
                past,
                present,
                self.vocab_size,
            )?;
            self.caches.swap(0, 1);
            self.len += block.len();
            left = rest;
        }
        Ok(logits)
    }

    /// What lies behind `len` is overwritten before it can be seen.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
}

impl Half {
    fn new((session, signature): (Session, Signature)) -> Result<Self, EngineError> {
        let tokens = signature
            .tokens
            .ok_or(EngineError::Graph("has no fixed number of tokens"))?;
        let mut binding = session
            .create_binding()
            .map_err(EngineError::ort("binding"))?;
        binding
            .bind_output_to_device("logits", &cpu_memory()?)
            .map_err(EngineError::ort("binding the logits"))?;
        Ok(Self {
            session,
            binding,
            signature,
            tokens,
        })
    }

    /// Runs `block` at `position`. A block that is not full is padded with tokens at the position `capacity`, which
    /// write nothing and are seen by none.
    fn run(
        &mut self,
        block: &[u32],
        position: usize,
        capacity: usize,
        past: &[Tensor<f32>],
        present: &mut [Tensor<f32>],
        vocab_size: usize,
    ) -> Result<Vec<f32>, EngineError> {
        let bind = EngineError::ort;
        let padding = self.tokens - block.len();
        let ids = block.iter().map(|&id| i64::from(id));
        let ids = row(ids.chain(std::iter::repeat_n(0, padding)))?;
        let positions = (position..position + block.len()).map(|position| position as i64);
        let positions = row(positions.chain(std::iter::repeat_n(capacity as i64, padding)))?;
        self.binding
            .bind_input("input_ids", &ids)
            .map_err(bind("binding the tokens"))?;
        self.binding
            .bind_input("position_ids", &positions)
            .map_err(bind("binding the positions"))?;
        if self.signature.has_last_index {
            let last = Tensor::from_array(([1], vec![block.len() as i64 - 1]))
                .map_err(bind("making an input"))?;
            self.binding
                .bind_input("last_index", &last)
                .map_err(bind("binding the last index"))?;
        }
        let names = self.signature.cache.iter();
        for (((input, output), past), present) in names.zip(past).zip(present) {
            self.binding
                .bind_input(input, past)
                .map_err(bind("binding the KV cache"))?;
            self.binding
                .bind_output(output, present)
                .map_err(bind("binding the KV cache"))?;
        }
        let outputs = self
            .session
            .run_binding(&self.binding)
            .map_err(bind("running"))?;
        last_logits(&outputs, vocab_size)
    }
}
