//! `sotto_core`'s `Decoder` over ONNX Runtime.

use sotto_core::decode::Decoder;

use super::EngineError;
use super::fixed_cache::FixedCache;
use super::growing_cache::GrowingCache;
use super::shared_cache::SharedCache;
use crate::models::HeldFile;

/// A language model on ONNX Runtime, in one of the three ways in which graphs keep their KV cache.
#[derive(Debug)]
pub struct OrtDecoder {
    kind: Kind,
    vocab_size: usize,
    /// Files that the session has mapped; after it, so that they are let go of later.
    files: Vec<HeldFile>,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Shared(Box<SharedCache>),
    Growing(GrowingCache),
    Fixed(Box<FixedCache>),
}

impl OrtDecoder {
    pub(crate) fn new(kind: Kind, vocab_size: usize) -> Self {
        Self {
            kind,
            vocab_size,
            files: vec![],
        }
    }

    /// With files that are checked before they are computed with.
    pub(crate) fn with_files(self, files: Vec<HeldFile>) -> Self {
        Self { files, ..self }
    }
}

impl Decoder for OrtDecoder {
    type Error = EngineError;

    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn len(&self) -> usize {
        match &self.kind {
            Kind::Shared(cache) => cache.len(),
            Kind::Growing(cache) => cache.len(),
            Kind::Fixed(cache) => cache.len(),
        }
    }

    fn capacity(&self) -> usize {
        match &self.kind {
            Kind::Shared(cache) => cache.capacity(),
            Kind::Growing(cache) => cache.capacity(),
            Kind::Fixed(cache) => cache.capacity(),
        }
    }

    async fn prefill(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        if tokens.is_empty() {
            return Err(EngineError::Graph("was run without a token"));
        }
        let needed = self.len() + tokens.len();
        let capacity = self.capacity();
        if needed > capacity {
            return Err(EngineError::CacheFull { needed, capacity });
        }
        for file in &mut self.files {
            file.check()?;
        }
        match &mut self.kind {
            Kind::Shared(cache) => cache.run(tokens),
            Kind::Growing(cache) => cache.run(tokens),
            Kind::Fixed(cache) => cache.run(tokens),
        }
    }

    fn truncate(&mut self, len: usize) {
        match &mut self.kind {
            Kind::Shared(cache) => cache.truncate(len),
            Kind::Growing(cache) => cache.truncate(len),
            Kind::Fixed(cache) => cache.truncate(len),
        }
    }
}
