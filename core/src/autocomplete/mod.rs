//! The whole hot path: text around the caret in, one decision out, on any engine.

mod error;

pub use error::CompleteError;

use crate::decode::{Decoder, Tokenizer};
use crate::protocol::{
    FieldHints, MAX_AFTER_UTF16, MAX_BEFORE_UTF16, SuggestOutcome, SuppressionReason,
};
use crate::suggestion::SuggestionSettings;

/// Gives way between decode steps, so that a newer request can arrive.
#[allow(
    async_fn_in_trait,
    reason = "both users are single-threaded or own the decoder's thread"
)]
pub trait Pacer {
    /// Waits until other work had its turn. Returns false when the request was superseded or cancelled.
    async fn pause(&mut self) -> bool;
}

/// One decision and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// What may be shown, or why nothing is.
    pub outcome: SuggestOutcome,
    /// Prompt tokens that went through the model for this request.
    pub prefill_tokens: u32,
    /// Prompt tokens that were already in the KV cache.
    pub reused_tokens: u32,
    /// Tokens that went through the model after the prompt.
    pub decode_steps: u32,
}

/// Owns the decoder, the tokenizer and the bookkeeping of what is in the KV cache.
pub struct Completer<D: Decoder, T: Tokenizer> {
    decoder: D,
    tokenizer: T,
    settings: SuggestionSettings,
}

impl<D: Decoder, T: Tokenizer> Completer<D, T> {
    /// Takes a loaded model. The decoder's cache is emptied.
    ///
    /// # Errors
    /// [`CompleteError::Mismatch`] if the tokenizer does not belong to the model, [`CompleteError::Settings`] if a
    /// setting is out of its range or the context is too short for it.
    pub fn new(
        decoder: D,
        tokenizer: T,
        settings: SuggestionSettings,
    ) -> Result<Self, CompleteError<D::Error, T::Error>> {
        if tokenizer.vocab_size() > decoder.vocab_size() {
            return Err(CompleteError::Mismatch);
        }
        if !settings.is_valid() {
            return Err(CompleteError::Settings);
        }
        Ok(Self {
            decoder,
            tokenizer,
            settings,
        })
    }

    /// Decides what to show at the caret between `before` and `after`.
    ///
    /// May be dropped at any await, or end with any error: the next call works.
    ///
    /// # Errors
    /// [`CompleteError::Cancelled`] when `pacer` says so, [`CompleteError::TooLarge`] when a text is over its limit, and
    /// what the engine and the tokenizer report.
    pub async fn suggest(
        &mut self,
        before: &str,
        after: &str,
        field: FieldHints,
        pacer: &mut impl Pacer,
    ) -> Result<Suggestion, CompleteError<D::Error, T::Error>> {
        let _ = (field, &self.settings);
        for (text, limit) in [(before, MAX_BEFORE_UTF16), (after, MAX_AFTER_UTF16)] {
            if text.encode_utf16().count() > limit as usize {
                return Err(CompleteError::TooLarge);
            }
        }
        if !pacer.pause().await {
            return Err(CompleteError::Cancelled);
        }
        let outcome = SuggestOutcome::Suppress {
            reason: SuppressionReason::NothingLeft,
        };
        Ok(Suggestion {
            outcome,
            prefill_tokens: 0,
            reused_tokens: 0,
            decode_steps: 0,
        })
    }

    /// The decoder.
    pub fn decoder(&self) -> &D {
        &self.decoder
    }

    /// The decoder, for measurements. Whatever is done to its cache is noticed by the next `suggest`.
    pub fn decoder_mut(&mut self) -> &mut D {
        &mut self.decoder
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &T {
        &self.tokenizer
    }
}
