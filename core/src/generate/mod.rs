//! Free generation, for chat and for summaries: sampling, stop rules, and text that comes out while it is made.
//!
//! [`Generation`] is pulled token by token, so that whoever drives it decides what happens between two tokens. **What
//! it gave out is never taken back**: text that may still turn out to be the beginning of a stop text is held.

mod repeat;
mod sampler;
mod stream;
mod sureness;

pub use repeat::LoopDetector;
pub use sampler::{Sampler, Sampling, SplitMix64};
pub use stream::{Pushed, TextStream};
pub use sureness::Sureness;

use crate::autocomplete::Pacer;
use crate::decode::{CachedDecoder, DecodeError, Decoder, Tokenizer};
use crate::protocol::AnswerStop;

/// What ends a generation, and how tokens are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GenerateConfig<'a> {
    /// Most tokens to choose.
    pub max_tokens: usize,
    /// Tokens that end the text. The tokenizer's own end of text always does.
    pub end_ids: &'a [u32],
    /// Texts that end the text; nothing of them is given out.
    pub stop_texts: &'a [String],
    /// How tokens are chosen.
    pub sampling: Sampling,
}

/// A text in the making.
#[derive(Debug)]
pub struct Generation<'a, T> {
    tokenizer: &'a T,
    config: GenerateConfig<'a>,
    sampler: Sampler,
    /// The prompt and what was chosen so far.
    ids: Vec<u32>,
    prompt_len: usize,
    stream: TextStream<'a>,
    loops: LoopDetector,
    sureness: Sureness,
    stop: Option<AnswerStop>,
}

impl<'a, T: Tokenizer> Generation<'a, T> {
    /// Will go on from `prompt`, which must not be empty. The same seed gives the same text.
    pub fn new(tokenizer: &'a T, prompt: Vec<u32>, config: GenerateConfig<'a>, seed: u64) -> Self {
        Self {
            tokenizer,
            config,
            sampler: Sampler::new(config.sampling, seed),
            prompt_len: prompt.len(),
            ids: prompt,
            stream: TextStream::new(config.stop_texts),
            loops: LoopDetector::default(),
            sureness: Sureness::default(),
            stop: None,
        }
    }

    /// Chooses one more token. Gives the text that is sure now, which may be empty; `None` once the text has ended.
    ///
    /// # Errors
    /// As [`CachedDecoder::after`]. The text so far stands; the call may be repeated.
    pub async fn next<D: Decoder>(
        &mut self,
        cached: &mut CachedDecoder<D>,
        pacer: &mut impl Pacer,
    ) -> Result<Option<String>, DecodeError<D::Error>> {
        if self.stop.is_some() {
            return Ok(None);
        }
        let is_full = self.ids.len() > cached.decoder().capacity();
        if is_full || self.tokens() >= self.config.max_tokens || self.prompt_len == 0 {
            return Ok(Some(self.end(AnswerStop::Length)));
        }
        let log_probs = if self.tokens() == 0 {
            cached.prompt(&self.ids, pacer).await?
        } else {
            cached.after(&self.ids, pacer).await?
        };
        let vocab_size = self.tokenizer.vocab_size();
        let chosen = &self.ids[self.prompt_len..];
        let token = self.sampler.choose(&log_probs, vocab_size, chosen);
        let bytes = self.tokenizer.token_bytes(token);
        // A token without bytes is a control token: what begins there is not the answer, whichever it is.
        let is_end = token == self.tokenizer.end_of_text()
            || self.config.end_ids.contains(&token)
            || bytes.is_empty();
        if is_end {
            return Ok(Some(self.end(AnswerStop::Complete)));
        }
        self.ids.push(token);
        self.sureness.push(&self.ids[self.prompt_len..], &log_probs);
        let Pushed {
            mut delta,
            is_stopped,
        } = self.stream.push(bytes);
        if is_stopped {
            self.stop = Some(AnswerStop::Complete);
        } else if self.loops.push(token) {
            delta += &self.end(AnswerStop::Repetition);
        } else if self.tokens() >= self.config.max_tokens {
            delta += &self.end(AnswerStop::Length);
        }
        Ok(Some(delta))
    }

    /// Why the text ended; `None` while it has not.
    pub fn stop(&self) -> Option<AnswerStop> {
        self.stop
    }

    /// Tokens chosen so far, the ending one left out.
    pub fn tokens(&self) -> usize {
        self.ids.len() - self.prompt_len
    }

    /// How sure the model was of the text so far.
    pub fn sureness(&self) -> &Sureness {
        &self.sureness
    }

    fn end(&mut self, stop: AnswerStop) -> String {
        self.stop = Some(stop);
        // Where the text ended by itself, what looked like the beginning of a stop text was text.
        self.stream.finish(stop == AnswerStop::Complete)
    }
}

#[cfg(test)]
mod tests;
