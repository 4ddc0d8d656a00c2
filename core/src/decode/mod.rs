//! What an engine must be able to do, and the rules for turning logits into text.

mod cache;
mod confidence;
mod greedy;
mod heal;
mod index;
mod self_test;
mod stop;
mod tokens;

pub use cache::{CachedDecoder, DecodeError, MAX_PREFILL_TOKENS};
pub use confidence::{LogProbs, TokenConfidence};
pub use greedy::{Continuation, Limits, Piece, Start, continue_greedily};
pub use heal::{Healed, heal};
pub use index::TokenIndex;
pub use self_test::{GreedyToken, greedy_tokens};
pub use stop::{Scored, Stop, first_unsure, repetition, score};
pub use tokens::Tokenizer;

/// A language model with a KV cache, on any engine.
///
/// Positions count tokens. The cache holds positions `0..len()`; `truncate` takes tokens back, so that a keystroke
/// costs only the tokens that changed.
#[allow(
    async_fn_in_trait,
    reason = "both users are single-threaded or own the decoder's thread"
)]
pub trait Decoder {
    /// The engine's error. Never carries text.
    type Error;

    /// Number of logits.
    fn vocab_size(&self) -> usize;

    /// Tokens in the KV cache.
    fn len(&self) -> usize;

    /// Whether the KV cache is empty.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tokens that fit into the KV cache.
    fn capacity(&self) -> usize;

    /// Appends `tokens` and gives the logits after the last of them.
    ///
    /// # Shapes
    /// `tokens`: `[n]`, n >= 1. Result: `[vocab_size]`, unnormalised.
    ///
    /// # Errors
    /// The engine's own, and when `len() + n > capacity()`. On error the cache is as it was.
    async fn prefill(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Self::Error>;

    /// Appends one token and gives the logits after it. Same contract as `prefill` with n = 1.
    async fn step(&mut self, token: u32) -> Result<Vec<f32>, Self::Error> {
        self.prefill(&[token]).await
    }

    /// Forgets every position at and after `len`. Does nothing if the cache is shorter.
    fn truncate(&mut self, len: usize);
}
