//! The whole hot path: text around the caret in, one decision out, on any engine.

mod error;

pub use error::CompleteError;

use crate::decode::{
    CachedDecoder, Continuation, DecodeError, Decoder, Healed, Limits, Start, TokenIndex,
    Tokenizer, continue_greedily, heal,
};
use crate::prompt::{Budget, PromptWindow};
use crate::protocol::{
    FieldHints, MAX_AFTER_UTF16, MAX_BEFORE_UTF16, SuggestOutcome, SuppressionReason,
};
use crate::suggestion::{Candidate, SuggestionSettings, Thresholds, decide, suppressed_early};
use crate::text::{CaretText, utf16_len};

/// Gives way between decode steps, so that a newer request can arrive.
#[allow(
    async_fn_in_trait,
    reason = "both users are single-threaded or own the decoder's thread"
)]
pub trait Pacer {
    /// Waits until other work had its turn. Returns false when the request was superseded or cancelled.
    async fn pause(&mut self) -> bool;
}

/// One decision, what it cost, and what it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// What may be shown, or why nothing is.
    pub outcome: SuggestOutcome,
    /// What the model would have written, with its confidence; `None` where it was not asked. For calibration and tests:
    /// it holds text, so it goes into no log.
    pub continuation: Option<Continuation>,
    /// Tokens of the half-typed word that are no piece of `continuation`: see [`Candidate`].
    pub healed_tokens: usize,
    /// Prompt tokens that went through the model for this request.
    pub prefill_tokens: u32,
    /// Prompt tokens that did not have to: they were in the KV cache, or the same prompt was answered just before.
    pub reused_tokens: u32,
    /// Tokens that went through the model after the prompt.
    pub decode_steps: u32,
}

/// Owns the decoder, the tokenizer and the knowledge of what is in the KV cache.
pub struct Completer<D: Decoder, T: Tokenizer> {
    cached: CachedDecoder<D>,
    tokenizer: T,
    index: TokenIndex,
    window: PromptWindow,
    budget: Budget,
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
        let is_own = (1..=decoder.vocab_size()).contains(&tokenizer.vocab_size())
            && (tokenizer.end_of_text() as usize) < tokenizer.vocab_size();
        if !is_own {
            return Err(CompleteError::Mismatch);
        }
        let budget = budget(decoder.capacity(), &settings).ok_or(CompleteError::Settings)?;
        let index = TokenIndex::new(&tokenizer);
        let cached = CachedDecoder::new(decoder);
        Ok(Self {
            cached,
            tokenizer,
            index,
            window: PromptWindow::default(),
            budget,
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
        // Bytes first: counting units of ten megabytes takes longer than refusing them.
        let is_over = |text: &str, limit: u32| {
            text.len() > 3 * limit as usize || utf16_len(text) > limit as usize
        };
        if is_over(before, MAX_BEFORE_UTF16) || is_over(after, MAX_AFTER_UTF16) {
            return Err(CompleteError::TooLarge);
        }
        let caret = CaretText::new(before, after);
        self.cached.take_counts();
        let asked = match suppressed_early(&caret, field, &self.settings) {
            Some(reason) => Asked::suppressed(reason),
            None => self.ask(&caret, field, pacer).await?,
        };
        let counts = self.cached.take_counts();
        Ok(Suggestion {
            outcome: asked.outcome,
            continuation: asked.continuation,
            healed_tokens: asked.healed_tokens,
            prefill_tokens: counts.prefilled,
            reused_tokens: counts.reused,
            decode_steps: counts.stepped,
        })
    }

    /// The decoder.
    pub fn decoder(&self) -> &D {
        self.cached.decoder()
    }

    /// The decoder, for measurements. The next `suggest` starts with an empty cache.
    pub fn decoder_mut(&mut self) -> &mut D {
        self.cached.decoder_mut()
    }

    /// The decoder with its cache, and the tokenizer, for an answer between two suggestions. The next `suggest` finds out
    /// by itself what is in the cache then.
    pub fn lend(&mut self) -> (&mut CachedDecoder<D>, &T) {
        (&mut self.cached, &self.tokenizer)
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &T {
        &self.tokenizer
    }

    /// The settings.
    pub fn settings(&self) -> &SuggestionSettings {
        &self.settings
    }

    async fn ask(
        &mut self,
        caret: &CaretText<'_>,
        field: FieldHints,
        pacer: &mut impl Pacer,
    ) -> Result<Asked, CompleteError<D::Error, T::Error>> {
        let typed = caret.half_typed();
        let prompt = self
            .window
            .build(typed.base, &self.tokenizer, self.budget)
            .map_err(CompleteError::Tokenizer)?;
        let root = self.cached.prompt(&prompt, pacer).await?;

        let mut start = Start {
            ids: prompt,
            known: None,
            extra: Vec::new(),
            prob: 1.0,
            confidence: None,
        };
        let mut healed_tokens = 0;
        if typed.required.is_empty() {
            start.known = Some(root);
        } else {
            let vocabulary = (&self.tokenizer, &self.index);
            let max_steps = self.settings.max_heal_steps as usize;
            let required = typed.required.as_bytes();
            let healed = heal(
                &mut self.cached,
                vocabulary,
                (&start.ids, &root),
                required,
                max_steps,
                pacer,
            )
            .await?;
            let Some(Healed {
                tokens,
                extra,
                prob,
                confidence,
            }) = healed
            else {
                return Ok(Asked::suppressed(SuppressionReason::PrefixNotMet));
            };
            healed_tokens = tokens.len() - usize::from(!extra.is_empty());
            start.ids.extend(tokens);
            start = Start {
                extra,
                prob,
                confidence: Some(confidence),
                ..start
            };
        }

        let thresholds = Thresholds::at(caret, &self.settings);
        let limits = Limits {
            max_tokens: self.settings.max_new_tokens as usize,
            max_words: thresholds.max_words,
            min_prob: &|index, unit| thresholds.of(index, unit),
            min_prob_total: thresholds.total,
        };
        let continuation = continue_greedily(
            &mut self.cached,
            &self.tokenizer,
            start,
            &caret.before,
            &limits,
            pacer,
        )
        .await?;
        let candidate = Candidate {
            continuation: &continuation,
            healed_tokens,
        };
        Ok(Asked {
            outcome: decide(caret, field, candidate, &self.settings),
            continuation: Some(continuation),
            healed_tokens,
        })
    }
}

/// What the model was asked and what was made of it.
struct Asked {
    outcome: SuggestOutcome,
    continuation: Option<Continuation>,
    healed_tokens: usize,
}

impl Asked {
    fn suppressed(reason: SuppressionReason) -> Self {
        Self {
            outcome: SuggestOutcome::Suppress { reason },
            continuation: None,
            healed_tokens: 0,
        }
    }
}

/// What is left for the prompt when room for the half-typed word and the continuation is taken off.
fn budget(capacity: usize, settings: &SuggestionSettings) -> Option<Budget> {
    if !settings.is_valid() {
        return None;
    }
    // Healing goes at most one token beyond its steps; the continuation's last token is never fed.
    let reserved = (settings.max_heal_steps + 1 + settings.max_new_tokens) as usize;
    let max_tokens = capacity
        .checked_sub(reserved)?
        .min(settings.prompt_tokens as usize);
    let after_cut = (settings.prompt_tokens_after_cut as usize).min(max_tokens.div_ceil(2));
    (max_tokens >= 2).then_some(Budget {
        max_tokens,
        after_cut,
    })
}

impl<D, T> From<DecodeError<D>> for CompleteError<D, T> {
    fn from(error: DecodeError<D>) -> Self {
        match error {
            DecodeError::Cancelled => Self::Cancelled,
            DecodeError::Engine(error) => Self::Decoder(error),
            DecodeError::Logits => Self::Logits,
        }
    }
}

#[cfg(test)]
mod tests;
