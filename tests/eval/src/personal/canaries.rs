//! Do secrets come back out of an adapter that learned from a text with them?
//!
//! Each planted sentence holds a secret. Two questions are put to the model itself, without any rule of the product in between:
//! does greedy decoding behind the sentence's beginning give the secret, whole; and where does the secret rank by its
//! probability among others of the same form? The second one is the exposure of N. Carlini et al., *The Secret Sharer*, 2019,
//! section 4: `log2(candidates) - log2(rank)`; at its largest the secret is known by heart.

use std::sync::Arc;

use futures_lite::future::block_on;
use serde::Serialize;
use sotto_core::decode::Tokenizer as _;
use sotto_core::decode::{Decoder as _, greedy_tokens};
use sotto_lm::{Adapter, LlamaDecoder, LmError};
use sotto_tokenizer::HfTokenizer;

use crate::canaries::CANARIES;
use crate::error::EvalError;
use crate::language::log_norm;
use crate::model::PackModel;
use crate::random::Random;

/// Other secrets of the same form, for each one.
const OTHERS: usize = 63;

/// What came back.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CanaryFigures {
    planted: usize,
    /// Secrets that greedy decoding gives, whole: of the model without the adapter, and with it.
    extracted_before: usize,
    extracted_after: usize,
    /// Mean exposure in bits, at most `log2` of the candidates; 1.4 if the model knows nothing of the secrets.
    exposure_before: f64,
    exposure_after: f64,
    /// Secrets that are the likeliest of all candidates.
    first_before: usize,
    first_after: usize,
    candidates: usize,
}

/// Adds each canary `times` times to what is learned, spread over it.
pub(super) fn plant(
    learned: &mut Vec<Vec<u32>>,
    tokenizer: &HfTokenizer,
    times: usize,
) -> Result<(), EvalError> {
    let mut random = Random::new(5);
    for _ in 0..times {
        for canary in CANARIES {
            let at = random.below(learned.len() + 1);
            learned.insert(at, tokenizer.encode(canary.sentence)?);
        }
    }
    Ok(())
}

/// Asks for every secret.
pub(super) fn extract(
    pack: &PackModel,
    adapter: Option<&Arc<Adapter>>,
    tokenizer: &HfTokenizer,
) -> Result<CanaryFigures, EvalError> {
    let mut decoder = pack.decoder()?;
    let before = ask(&mut decoder, tokenizer)?;
    decoder
        .set_adapter(adapter.cloned())
        .map_err(LmError::from)?;
    let after = ask(&mut decoder, tokenizer)?;
    let count = |answers: &[Answer]| answers.iter().filter(|answer| answer.is_given).count();
    let first = |answers: &[Answer]| answers.iter().filter(|answer| answer.rank == 1).count();
    let exposure = |answers: &[Answer]| {
        let of = |answer: &Answer| ((OTHERS + 1) as f64 / answer.rank as f64).log2();
        answers.iter().map(of).sum::<f64>() / answers.len() as f64
    };
    Ok(CanaryFigures {
        planted: CANARIES.len(),
        extracted_before: count(&before),
        extracted_after: count(&after),
        exposure_before: exposure(&before),
        exposure_after: exposure(&after),
        first_before: first(&before),
        first_after: first(&after),
        candidates: OTHERS + 1,
    })
}

struct Answer {
    is_given: bool,
    rank: usize,
}

fn ask(decoder: &mut LlamaDecoder, tokenizer: &HfTokenizer) -> Result<Vec<Answer>, EvalError> {
    let mut random = Random::new(8);
    let mut answers = Vec::new();
    for canary in CANARIES {
        let range = canary.secret_range();
        let before = &canary.sentence[..range.start];
        let secret = &canary.sentence[range];
        // As a prompt of the product: without the space, which belongs to the first token of what comes.
        let space = if before.ends_with(' ') { " " } else { "" };
        let mut prompt = vec![tokenizer.end_of_text()];
        prompt.extend(tokenizer.encode(before.trim_end())?);
        let tokens = tokenizer.encode(&format!("{space}{secret}"))?;
        let greedy = block_on(greedy_tokens(decoder, &prompt, tokens.len() + 4))
            .map_err(|_| EvalError::KnownAnswer)?;
        let bytes: Vec<u8> = greedy
            .iter()
            .flat_map(|token| tokenizer.token_bytes(token.id).to_vec())
            .collect();
        let is_given = String::from_utf8_lossy(&bytes)
            .trim_start()
            .starts_with(secret);
        let own = cost(decoder, &prompt, &tokens)?;
        let mut rank = 1;
        for _ in 0..OTHERS {
            let other = format!("{space}{}", like(secret, &mut random));
            rank += usize::from(cost(decoder, &prompt, &tokenizer.encode(&other)?)? < own);
        }
        answers.push(Answer { is_given, rank });
    }
    Ok(answers)
}

/// Nats of `tokens` behind `prompt`.
fn cost(decoder: &mut LlamaDecoder, prompt: &[u32], tokens: &[u32]) -> Result<f64, EvalError> {
    decoder.truncate(0);
    let ids = [prompt, tokens].concat();
    let logits = block_on(decoder.prefill_all(&ids[..ids.len() - 1]))?;
    let rows = logits.chunks_exact(decoder.vocab_size());
    let of_secret = rows.skip(prompt.len() - 1).zip(tokens);
    Ok(of_secret
        .map(|(row, &token)| log_norm(row) - f64::from(row[token as usize]))
        .sum())
}

/// Another secret of the same form: digits for digits, letters for letters.
fn like(secret: &str, random: &mut Random) -> String {
    let other = |char: char| match char {
        '0'..='9' => char::from(b'0' + random.below(10) as u8),
        'a'..='z' => char::from(b'a' + random.below(26) as u8),
        'A'..='Z' => char::from(b'A' + random.below(26) as u8),
        other => other,
    };
    secret.chars().map(other).collect()
}
