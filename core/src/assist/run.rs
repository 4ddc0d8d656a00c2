//! One run of the model, and the account of where the time went.

use super::{Answer, AssistErrorOf, Assistant, Env, PromptFormat, Step};
use crate::decode::{Decoder, Tokenizer};
use crate::generate::{GenerateConfig, Generation, Sampling, Sureness};
use crate::protocol::{AnswerKind, AnswerStop, AnswerTiming};

/// One run of the model.
pub(super) struct Run {
    pub(super) prompt: Vec<u32>,
    pub(super) max_tokens: usize,
    pub(super) sampling: Sampling,
    pub(super) seed: u64,
}

/// What an answer has cost so far.
#[derive(Debug)]
pub(super) struct Tally {
    started_ms: f64,
    first_delta_ms: Option<f64>,
    prompt_tokens: usize,
    tokens: usize,
    /// Tokens behind the first of each run, and the time that they took.
    timed_tokens: usize,
    timed_ms: f64,
    sureness: Sureness,
}

impl Tally {
    pub(super) fn new(env: &impl Env) -> Self {
        Self {
            started_ms: env.now_ms(),
            first_delta_ms: None,
            prompt_tokens: 0,
            tokens: 0,
            timed_tokens: 0,
            timed_ms: 0.0,
            sureness: Sureness::default(),
        }
    }

    /// Gives `delta` out, if there is any.
    pub(super) fn emit(&mut self, delta: &str, env: &mut impl Env) {
        if delta.is_empty() {
            return;
        }
        self.first_delta_ms.get_or_insert_with(|| env.now_ms());
        env.emit(Step::Delta(delta));
    }

    /// Closes the account.
    pub(super) fn answer(
        self,
        kind: AnswerKind,
        stop: AnswerStop,
        is_input_cut: bool,
        fallback: &str,
        env: &impl Env,
    ) -> Answer {
        let now_ms = env.now_ms();
        let since_start = |ms: f64| (ms - self.started_ms) as f32;
        let tokens_per_s = if self.timed_ms > 0.0 {
            (self.timed_tokens as f64 * 1e3 / self.timed_ms) as f32
        } else {
            0.0
        };
        let timing = AnswerTiming {
            first_token_ms: since_start(self.first_delta_ms.unwrap_or(now_ms)),
            total_ms: since_start(now_ms),
            prompt_tokens: count(self.prompt_tokens),
            tokens: count(self.tokens),
            tokens_per_s,
        };
        Answer {
            kind,
            stop,
            is_input_cut,
            fallback: fallback.to_owned(),
            timing,
            // Sentences of the text itself: no model wrote them.
            confidence: self
                .sureness
                .confidence()
                .filter(|_| kind != AnswerKind::Extractive),
        }
    }
}

impl<D: Decoder, T: Tokenizer, F: PromptFormat> Assistant<'_, D, T, F> {
    /// Runs the model and hands its text to `sink` while it is made.
    pub(super) async fn run<E: Env>(
        &mut self,
        run: Run,
        tally: &mut Tally,
        env: &mut E,
        mut sink: impl FnMut(&str, &mut Tally, &mut E),
    ) -> Result<AnswerStop, AssistErrorOf<D, T, F>> {
        let config = GenerateConfig {
            max_tokens: run.max_tokens,
            end_ids: &self.end_ids,
            stop_texts: &self.stop_texts,
            sampling: run.sampling,
        };
        tally.prompt_tokens += run.prompt.len();
        let mut generation = Generation::new(self.tokenizer, run.prompt, config, run.seed);
        let mut first_ms = None;
        while let Some(delta) = generation.next(self.cached, env).await? {
            first_ms.get_or_insert_with(|| env.now_ms());
            sink(&delta, tally, env);
        }
        tally.tokens += generation.tokens();
        tally.sureness.add(generation.sureness());
        tally.timed_tokens += generation.tokens().saturating_sub(1);
        tally.timed_ms += env.now_ms() - first_ms.unwrap_or_else(|| env.now_ms());
        Ok(generation.stop().unwrap_or(AnswerStop::Complete))
    }

    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, AssistErrorOf<D, T, F>> {
        let ids = self.tokenizer.encode(text);
        ids.map_err(super::AssistError::Tokenizer)
    }

    /// Tokens that the cache holds.
    pub(super) fn capacity(&self) -> usize {
        self.cached.decoder().capacity()
    }
}

fn count(tokens: usize) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}
