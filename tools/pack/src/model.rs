//! The model inside a pack: its figures and its known answer, on the CPU backend.

use futures_lite::future::block_on;
use sotto_core::decode::{TokenConfidence, Tokenizer as _, greedy_tokens};
use sotto_core::pack::{BlobRole, BlobSet, KnownAnswer, MAX_CONTEXT_TOKENS};
use sotto_lm::{Device, Llama, LlamaConfig, LlamaDecoder, LmError, Weights};
use sotto_tokenizer::HfTokenizer;

use crate::error::ToolError;

/// Texts that a known answer may start from. Which one is taken depends on the model alone.
const TEXTS: &[&str] = &[
    "Thank you very much for your",
    "I am looking forward to hearing from you",
    "The quick brown fox jumps over the lazy",
    "At the end of the day it was",
    "Once upon a time there was a little",
    "One of the most important things in life",
];

/// Tokens of the prompt: enough to leave the first row of every kernel.
const PROMPT_TOKENS: usize = 8;

/// Tokens of the answer: as many as a suggestion.
const ANSWER_TOKENS: usize = 12;

/// The least distance between the logits of the best two tokens along the answer. Backends agree within 1e-3 in every
/// logit, so two that are twice as far apart cannot change places.
const MIN_MARGIN: f32 = 0.002;

/// A loaded model.
pub(crate) struct Model {
    decoder: LlamaDecoder,
    tokenizer: HfTokenizer,
}

impl Model {
    /// Loads it; every check of `sotto_lm` runs.
    pub(crate) fn load(mut blobs: BlobSet) -> Result<Self, ToolError> {
        let config = LlamaConfig::from_json(blobs.get(BlobRole::Config)?.bytes())
            .map_err(ToolError::Model)?;
        let tokenizer =
            HfTokenizer::from_json(blobs.get(BlobRole::Tokenizer)?.bytes(), config.vocabulary())
                .map_err(|error| ToolError::Model(LmError::Tokenizer(error)))?;
        let weights = Weights::from_safetensors(blobs.take(BlobRole::Weights)?.into_bytes())
            .map_err(ToolError::Model)?;
        let model = Llama::load(&config, weights, &Device::Cpu).map_err(ToolError::Model)?;
        let capacity = config.max_positions.min(PROMPT_TOKENS + ANSWER_TOKENS);
        let decoder = LlamaDecoder::new(model, capacity).map_err(ToolError::Model)?;
        Ok(Self { decoder, tokenizer })
    }

    /// Number of weights.
    pub(crate) fn parameters(&self) -> u32 {
        u32::try_from(self.decoder.config().parameters()).unwrap_or(u32::MAX)
    }

    /// Longest context.
    pub(crate) fn context_tokens(&self) -> u32 {
        u32::try_from(self.decoder.config().max_positions)
            .unwrap_or(u32::MAX)
            .min(MAX_CONTEXT_TOKENS)
    }

    /// The known answer with the widest margins, and the narrowest of them.
    pub(crate) fn known_answer(&mut self) -> Result<(KnownAnswer, f32), ToolError> {
        let mut best: Option<(KnownAnswer, f32)> = None;
        for text in TEXTS {
            let encoded = self
                .tokenizer
                .encode(text)
                .map_err(|error| ToolError::Model(LmError::Tokenizer(error)))?;
            let mut prompt_ids = vec![self.tokenizer.end_of_text()];
            prompt_ids.extend(encoded.into_iter().take(PROMPT_TOKENS - 1));
            let tokens = block_on(greedy_tokens(&mut self.decoder, &prompt_ids, ANSWER_TOKENS))?;
            let margin = tokens
                .iter()
                .map(|token| logit_margin(&token.confidence))
                .fold(f32::INFINITY, f32::min);
            if best.as_ref().is_none_or(|(_, widest)| margin > *widest) {
                let greedy_ids = tokens.iter().map(|token| token.id).collect();
                best = Some((
                    KnownAnswer {
                        prompt_ids,
                        greedy_ids,
                    },
                    margin,
                ));
            }
        }
        best.filter(|(_, margin)| *margin >= MIN_MARGIN)
            .ok_or(ToolError::NoKnownAnswer)
    }

    /// Checks that the model gives `known`.
    pub(crate) fn check(&mut self, known: &KnownAnswer) -> Result<(), ToolError> {
        let tokens = block_on(greedy_tokens(
            &mut self.decoder,
            &known.prompt_ids,
            known.greedy_ids.len(),
        ))?;
        let found: Vec<u32> = tokens.iter().map(|token| token.id).collect();
        if found == known.greedy_ids {
            Ok(())
        } else {
            Err(ToolError::KnownAnswer {
                expected: known.greedy_ids.clone(),
                found,
            })
        }
    }
}

/// Distance between the logits of a token that is the best and the next best one.
fn logit_margin(confidence: &TokenConfidence) -> f32 {
    confidence.log_prob - (confidence.log_prob.exp() - confidence.margin).ln()
}
