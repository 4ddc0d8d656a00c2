//! Graphs that give back a cache which is longer by the new tokens (optimum's merged decoders): what comes out of one
//! run goes into the next one as it is.

use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Tensor};

use super::EngineError;
use super::graph::Signature;
use super::tensors::{last_logits, row};

/// A session with its cache.
#[derive(Debug)]
pub(crate) struct GrowingCache {
    session: Session,
    signature: Signature,
    vocab_size: usize,
    /// In the order of the signature; `None` before the first run and after one that failed.
    cache: Option<Vec<DynValue>>,
    len: usize,
    capacity: usize,
}

impl GrowingCache {
    pub(crate) fn new(
        session: Session,
        signature: Signature,
        vocab_size: usize,
        capacity: usize,
    ) -> Self {
        Self {
            session,
            signature,
            vocab_size,
            cache: None,
            len: 0,
            capacity,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn run(&mut self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        let total = self.len + tokens.len();
        let past = match self.cache.take() {
            Some(cache) => cache,
            None => self.empty_cache()?,
        };
        let has_past = self.len > 0;
        let signature = &self.signature;
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> = signature
            .cache
            .iter()
            .map(|(name, _)| name.as_str())
            .zip(past.iter().map(SessionInputValue::from))
            .collect();
        inputs.push((
            "input_ids",
            row(tokens.iter().map(|&id| i64::from(id)))?.into(),
        ));
        if signature.has_attention_mask {
            inputs.push(("attention_mask", row((0..total).map(|_| 1))?.into()));
        }
        if signature.has_position_ids {
            let positions = row((self.len..total).map(|position| position as i64))?;
            inputs.push(("position_ids", positions.into()));
        }
        if signature.has_use_cache_branch {
            let branch = Tensor::from_array(([1], vec![has_past]))
                .map_err(EngineError::ort("making an input"))?;
            inputs.push(("use_cache_branch", branch.into()));
        }
        let mut outputs = match self.session.run(inputs) {
            Ok(outputs) => outputs,
            Err(error) => {
                // It is as it was.
                self.cache = Some(past);
                return Err(EngineError::ort("running")(error));
            }
        };
        let logits = last_logits(&outputs, self.vocab_size)?;
        let cache: Option<Vec<DynValue>> = signature
            .cache
            .iter()
            .map(|(_, output)| outputs.remove(output))
            .collect();
        drop(outputs);
        self.cache = Some(cache.ok_or(EngineError::Graph("gave back less of its cache"))?);
        self.len = total;
        Ok(logits)
    }

    /// Cuts the cache, which copies it: these graphs have no other way to forget.
    pub(crate) fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.cache = match (len, self.cache.take()) {
            (0, _) | (_, None) => None,
            (_, Some(cache)) => self.cut(&cache, len).ok(),
        };
        self.len = if self.cache.is_some() { len } else { 0 };
    }

    fn empty_cache(&self) -> Result<Vec<DynValue>, EngineError> {
        let shape = [1, self.signature.kv_heads, 0, self.signature.head_dim];
        self.signature
            .cache
            .iter()
            .map(|_| {
                let tensor = Tensor::<f32>::new(self.session.allocator(), shape)
                    .map_err(EngineError::ort("allocating the KV cache"))?;
                Ok(tensor.into_dyn())
            })
            .collect()
    }

    fn cut(&self, cache: &[DynValue], len: usize) -> Result<Vec<DynValue>, EngineError> {
        let width = self.signature.head_dim;
        cache
            .iter()
            .map(|tensor| {
                let (shape, values) = tensor
                    .try_extract_tensor::<f32>()
                    .map_err(EngineError::ort("reading the KV cache"))?;
                let old_len = usize::try_from(shape[2]).unwrap_or(0);
                let kept = values
                    .chunks_exact(old_len * width)
                    .flat_map(|head| &head[..len * width])
                    .copied()
                    .collect::<Vec<f32>>();
                let shape = [1, self.signature.kv_heads, len, width];
                let tensor = Tensor::from_array((shape, kept))
                    .map_err(EngineError::ort("cutting the KV cache"))?;
                Ok(tensor.into_dyn())
            })
            .collect()
    }
}
