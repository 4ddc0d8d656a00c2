//! Chat and summaries on any engine: what the browser tier and the host share.
//!
//! An engine brings a decoder, a tokenizer, the prompt format of its model and an [`Env`]; everything else is here.
//! Pure like the rest of this crate: time and pauses come through [`Env`], randomness through a seed.

mod chat;
mod check;
mod error;
mod format;
mod gate;
mod prompt;
mod quote;
mod remote;
mod run;
mod setting;
mod summarize;
mod support;
mod veil;

pub use check::{RequestError, check, check_escalation, check_task};
pub use error::{AssistError, AssistErrorOf};
pub use format::{PlainFormat, PromptFormat, PromptMessage, PromptRole};
pub use prompt::encode_prompt;
pub use remote::{RemoteMessage, RemotePrompt, remote_prompt};
pub use summarize::summarize_extractively;
pub use veil::{Veiled, veil};

use crate::autocomplete::Pacer;
use crate::decode::{CachedDecoder, Decoder, Tokenizer};
use crate::protocol::{
    AnswerConfidence, AnswerEngine, AnswerInfo, AnswerKind, AnswerStop, AnswerTiming,
};

/// The world of one request: time, other work, and the one who asked.
pub trait Env: Pacer {
    /// Milliseconds since any fixed moment.
    fn now_ms(&self) -> f64;

    /// Passes on what happened.
    fn emit(&mut self, step: Step<'_>);
}

/// What happens in the course of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Parts of the work that are done, of all.
    Progress {
        /// Parts that are done.
        done: u32,
        /// Parts in all.
        total: u32,
    },
    /// More of the answer. Never empty; all of them together are the answer.
    Delta(&'a str),
}

/// What a model is fit for. Belongs to the model, not to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    /// It was trained to follow instructions.
    pub is_instruction_tuned: bool,
    /// Its summaries can be trusted enough to be shown, after the check for names and numbers.
    pub is_abstractive: bool,
}

/// How an answer came about. The caller adds the engine for the wire's `AnswerInfo`.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// How it was made.
    pub kind: AnswerKind,
    /// Why the text ended.
    pub stop: AnswerStop,
    /// Whether something of the input did not fit and was not read.
    pub is_input_cut: bool,
    /// Why a lesser way was taken than the one asked for, as a sentence; empty if none was.
    pub fallback: String,
    /// Where the time went.
    pub timing: AnswerTiming,
    /// How sure the model was, where one wrote.
    pub confidence: Option<AnswerConfidence>,
}

impl Answer {
    /// The answer as it travels. Sentences of the text are no model's, so its name is left out then.
    pub fn info(self, mut engine: AnswerEngine) -> AnswerInfo {
        if self.kind == AnswerKind::Extractive {
            engine.model.clear();
        }
        AnswerInfo {
            engine,
            kind: self.kind,
            stop: self.stop,
            is_input_cut: self.is_input_cut,
            fallback: self.fallback,
            timing: self.timing,
            confidence: self.confidence,
            memory_mib: None,
        }
    }
}

/// A model, borrowed for as long as one wants to talk to it. What the cache of `CachedDecoder` holds is found again by
/// the next [`Assistant`], so one per request costs nothing.
#[derive(Debug)]
pub struct Assistant<'a, D, T, F> {
    cached: &'a mut CachedDecoder<D>,
    tokenizer: &'a T,
    format: F,
    abilities: Abilities,
    end_ids: Vec<u32>,
    stop_texts: Vec<String>,
}

impl<'a, D: Decoder, T: Tokenizer, F: PromptFormat> Assistant<'a, D, T, F> {
    /// `format` may be a reference. `end_ids`: tokens that end an answer, beside the tokenizer's end of text.
    ///
    /// # Errors
    /// [`AssistError::Mismatch`] if the tokenizer does not belong to the model, [`AssistError::ContextTooShort`] if there
    /// is no room for any conversation.
    pub fn new(
        cached: &'a mut CachedDecoder<D>,
        tokenizer: &'a T,
        format: F,
        abilities: Abilities,
        end_ids: Vec<u32>,
    ) -> Result<Self, AssistErrorOf<D, T, F>> {
        if !(1..=cached.decoder().vocab_size()).contains(&tokenizer.vocab_size()) {
            return Err(AssistError::Mismatch);
        }
        if cached.decoder().capacity() < prompt::MIN_CONTEXT_TOKENS {
            return Err(AssistError::ContextTooShort);
        }
        let stop_texts = format.stop_texts();
        Ok(Self {
            cached,
            tokenizer,
            format,
            abilities,
            end_ids,
            stop_texts,
        })
    }
}

#[cfg(test)]
mod tests;
