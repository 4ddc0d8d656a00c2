//! The n-gram model in the places of the network: reading windows, and behind the completer.

use std::convert::Infallible;

use sotto_core::decode::Decoder;

use super::model::NgramModel;
use crate::error::EvalError;
use crate::language::{Position, Predictor, best_three};

/// Reads windows.
pub(crate) struct NgramPredictor<'a> {
    model: &'a NgramModel,
    context: usize,
    probs: Vec<f32>,
}

impl<'a> NgramPredictor<'a> {
    /// `context`: longest window, that of the model it is compared with.
    pub(crate) fn new(model: &'a NgramModel, context: usize) -> Self {
        Self {
            model,
            context,
            probs: Vec::new(),
        }
    }
}

impl Predictor for NgramPredictor<'_> {
    fn context(&self) -> usize {
        self.context
    }

    fn predict(&mut self, ids: &[u32]) -> Result<Vec<Position>, EvalError> {
        let targets = (1..).zip(ids.iter().skip(1));
        Ok(targets
            .map(|(at, &target)| {
                self.model.distribution(&ids[..at], &mut self.probs);
                Position {
                    nats: -f64::from(self.probs[target as usize]).ln(),
                    best: best_three(&self.probs),
                }
            })
            .collect())
    }
}

/// Answers the completer. Its cache is the list of tokens.
pub(crate) struct NgramDecoder<'a> {
    model: &'a NgramModel,
    capacity: usize,
    ids: Vec<u32>,
}

impl<'a> NgramDecoder<'a> {
    pub(crate) fn new(model: &'a NgramModel, capacity: usize) -> Self {
        Self {
            model,
            capacity,
            ids: Vec::new(),
        }
    }
}

impl Decoder for NgramDecoder<'_> {
    type Error = Infallible;

    fn vocab_size(&self) -> usize {
        self.model.vocab_size()
    }

    fn len(&self) -> usize {
        self.ids.len()
    }

    fn capacity(&self) -> usize {
        self.capacity
    }

    async fn prefill(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
        // The completer keeps within the capacity that it was told.
        self.ids.extend_from_slice(tokens);
        let mut probs = Vec::new();
        self.model.distribution(&self.ids, &mut probs);
        probs.iter_mut().for_each(|prob| *prob = prob.ln());
        Ok(probs)
    }

    fn truncate(&mut self, len: usize) {
        self.ids.truncate(len);
    }
}
