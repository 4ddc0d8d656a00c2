//! `sotto_core`'s `Decoder` over the network and its cache.

use std::sync::Arc;

use sotto_core::decode::Decoder;

use crate::draft::Draft;
use crate::network::Rows;
use crate::{Adapter, AdapterError, KvCache, Llama, LlamaConfig, LmError};

/// Tokens of a prefill that go through the network at once. More would only make the working memory larger: the
/// weights are already read once for several rows at this size.
const PREFILL_CHUNK: usize = 64;

/// A model with its KV cache.
#[derive(Debug)]
pub struct LlamaDecoder {
    model: Llama,
    cache: KvCache,
    /// The tokens in the cache.
    ids: Vec<u32>,
    draft: Draft,
}

impl LlamaDecoder {
    /// A decoder for up to `capacity` tokens.
    ///
    /// # Errors
    /// [`LmError::Config`] if `capacity` is zero or more than the positions that the model was made for.
    pub fn new(model: Llama, capacity: usize) -> Result<Self, LmError> {
        let cache = KvCache::new(model.config(), capacity, model.device())?;
        Ok(Self {
            model,
            cache,
            ids: Vec::with_capacity(capacity),
            draft: Draft::default(),
        })
    }

    /// The model's sizes.
    pub fn config(&self) -> &LlamaConfig {
        self.model.config()
    }

    /// What changes the model's answers now.
    pub fn adapter(&self) -> Option<&Arc<Adapter>> {
        self.model.adapter()
    }

    /// Takes another adapter, or none; costs nothing but the KV cache, which is empty afterwards. Does nothing if it is the
    /// same one.
    ///
    /// # Errors
    /// [`AdapterError::Backend`] on another device than the CPU, [`AdapterError::OtherModel`]; everything is as before then.
    pub fn set_adapter(&mut self, adapter: Option<Arc<Adapter>>) -> Result<(), AdapterError> {
        let is_same = match (self.adapter(), &adapter) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            self.model.set_adapter(adapter)?;
            self.truncate(0);
        }
        Ok(())
    }

    /// Appends `tokens` and gives the logits after each of them: to measure a text in one pass. Decoding needs those
    /// after the last one only, which [`Decoder::prefill`] gives for a fraction of the work.
    ///
    /// # Shapes
    /// `tokens`: `[n]`, n >= 1. Result: `[n, vocab_size]`, row by row, unnormalised.
    ///
    /// # Errors
    /// As [`Decoder::prefill`].
    pub async fn prefill_all(&mut self, tokens: &[u32]) -> Result<Vec<f32>, LmError> {
        self.check(tokens)?;
        self.draft = Draft::default();
        let start = self.cache.len();
        let mut all = Vec::with_capacity(tokens.len() * self.vocab_size());
        let mut done = 0;
        for chunk in tokens.chunks(PREFILL_CHUNK) {
            self.cache.advance(done);
            self.model.forward(chunk, &mut self.cache, Rows::All);
            // As in `prefill`: until the device has answered, nothing counts as appended.
            self.cache.truncate(start);
            all.extend(self.model.logits(&mut self.cache).await?);
            done += chunk.len();
        }
        self.cache.advance(done);
        let vocab = self.vocab_size();
        for (token, logits) in tokens.iter().zip(all.chunks_exact_mut(vocab)) {
            self.ids.push(*token);
            self.model.blend(&self.ids, logits);
        }
        Ok(all)
    }

    /// Appends `token`, out of what was computed ahead if it is what was expected.
    #[cfg(feature = "webgpu")]
    async fn drafted(&mut self, token: u32) -> Result<Vec<f32>, LmError> {
        let mut logits = match self.draft.take(token) {
            Some(logits) => logits,
            None => {
                let room = self.capacity() - self.cache.len();
                let count = self.model.draft_tokens().min(room);
                let all = self.model.draft(token, count, &mut self.cache).await?;
                self.draft = Draft::new(all, self.vocab_size());
                self.draft.first()
            }
        };
        self.cache.advance(1);
        self.ids.push(token);
        self.model.blend(&self.ids, &mut logits);
        Ok(logits)
    }

    /// Checks that `tokens` can be appended.
    fn check(&self, tokens: &[u32]) -> Result<(), LmError> {
        if tokens.is_empty() {
            return Err(LmError::Input("prefill needs at least one token"));
        }
        if tokens
            .iter()
            .any(|&token| token as usize >= self.vocab_size())
        {
            return Err(LmError::Input("a token is beyond the vocabulary"));
        }
        self.cache.reserve(tokens.len())
    }
}

impl Decoder for LlamaDecoder {
    type Error = LmError;

    fn vocab_size(&self) -> usize {
        self.model.config().vocab_size
    }

    fn len(&self) -> usize {
        self.cache.len()
    }

    fn capacity(&self) -> usize {
        self.cache.capacity()
    }

    async fn prefill(&mut self, tokens: &[u32]) -> Result<Vec<f32>, LmError> {
        self.check(tokens)?;
        #[cfg(feature = "webgpu")]
        if let &[token] = tokens
            && self.model.draft_tokens() > 1
        {
            return self.drafted(token).await;
        }
        self.draft = Draft::default();
        let start = self.cache.len();
        for chunk in tokens.chunks(PREFILL_CHUNK) {
            self.model.forward(chunk, &mut self.cache, Rows::Last);
        }
        let end = self.cache.len();
        // Until the device has answered, nothing counts as appended: an error or a dropped future leaves the cache
        // as it was.
        self.cache.truncate(start);
        let mut logits = self.model.logits(&mut self.cache).await?;
        self.cache.advance(end - start);
        self.ids.extend_from_slice(tokens);
        self.model.blend(&self.ids, &mut logits);
        Ok(logits)
    }

    fn truncate(&mut self, len: usize) {
        if len < self.cache.len() {
            self.draft = Draft::default();
        }
        self.cache.truncate(len);
        self.ids.truncate(len);
    }
}
