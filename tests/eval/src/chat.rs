//! Answers as the product gives them, against references.

use std::collections::HashMap;
use std::time::Instant;

use futures_lite::future::block_on;
use serde::Serialize;
use sotto_core::assist::{Assistant, PlainFormat};
use sotto_core::decode::{Decoder as _, Tokenizer as _};
use sotto_core::protocol::{ChatMessage, ChatRole, PageText};
use sotto_lm::LlamaDecoder;

use crate::arguments::ChatOptions;
use crate::cases::{self, ChatCase};
use crate::error::EvalError;
use crate::language::log_norm;
use crate::model::PackModel;
use crate::progress::Progress;
use crate::report::{Report, percent};
use crate::world::World;

/// What `chat` says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChatFigures {
    /// Mean over cases, as SQuAD counts it.
    token_f1: Option<f64>,
    /// Of the references' beginnings that fit into the context behind the question.
    bits_per_byte: Option<f64>,
    /// Share of the references' bytes that were measured.
    measured_share: Option<f64>,
}

/// Sums over references.
#[derive(Debug, Default)]
struct References {
    nats: f64,
    bytes: usize,
    all_bytes: usize,
}

/// Runs the command.
pub(crate) fn run(options: &ChatOptions) -> Result<String, EvalError> {
    let started = Instant::now();
    let common = &options.common;
    let pack = PackModel::open(&common.pack)?;
    let cases: Vec<ChatCase> = cases::read(&common.cases, common.limit)?;
    let mut completer = pack.completer(pack.settings(None)?)?;
    let mut decoder = pack.decoder()?;
    let mut references = References::default();
    let mut f1 = 0.0;
    let mut progress = Progress::new("questions", cases.len());
    for case in &cases {
        let messages = [ChatMessage {
            role: ChatRole::User,
            text: case.question.clone(),
        }];
        let page = (!case.context.is_empty()).then(|| PageText {
            title: String::new(),
            text: case.context.clone(),
        });
        let (cached, tokenizer) = completer.lend();
        let answer_ids = tokenizer.encode(&case.answer)?;
        let end_ids = vec![tokenizer.end_of_text()];
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| EvalError::Assist(error);
        let mut assistant =
            Assistant::new(cached, tokenizer, PlainFormat, pack.abilities(), end_ids)
                .map_err(|error| failed(error.into()))?;
        // Half of the context for the question at least.
        let room = decoder.capacity() - answer_ids.len().min(decoder.capacity() / 2);
        let (prompt, _) = assistant
            .chat_prompt(&messages, page.as_ref(), room)
            .map_err(|error| failed(error.into()))?;
        if !options.references_only {
            let mut world = World::new();
            block_on(assistant.chat(&messages, page.as_ref(), 0, &mut world))
                .map_err(|error| failed(error.into()))?;
            f1 += token_f1(&world.text, &case.answer);
        }
        let bytes = |ids: &[u32]| ids.iter().map(|&id| tokenizer.token_bytes(id).len()).sum();
        references.add(&mut decoder, &prompt, &answer_ids, bytes)?;
        references.all_bytes += case.answer.len();
        progress.step();
    }
    let count = cases.len();
    let figures = ChatFigures {
        token_f1: (!options.references_only).then(|| f1 / count as f64),
        bits_per_byte: (references.bytes > 0)
            .then(|| references.nats / std::f64::consts::LN_2 / references.bytes as f64),
        measured_share: crate::report::share(references.bytes, references.all_bytes),
    };
    let line = format!(
        "token F1 {}, {:.4} bits per byte of the references",
        percent(figures.token_f1),
        figures.bits_per_byte.unwrap_or(f64::NAN)
    );
    let seconds = started.elapsed().as_secs_f64();
    Report::new(("chat", "model"), &pack, common, count, seconds, figures)?.write(&common.json)?;
    Ok(line)
}

impl References {
    /// Measures how probable `answer` is behind `prompt`, as far as it fits.
    fn add(
        &mut self,
        decoder: &mut LlamaDecoder,
        prompt: &[u32],
        answer: &[u32],
        bytes: impl Fn(&[u32]) -> usize,
    ) -> Result<(), EvalError> {
        // The last token is only a target.
        let kept = answer.len().min(decoder.capacity() + 1 - prompt.len());
        let Some((_, inputs)) = answer[..kept].split_last() else {
            return Ok(());
        };
        decoder.truncate(0);
        let (last, before) = match prompt.split_last() {
            Some(split) => split,
            None => return Ok(()),
        };
        if !before.is_empty() {
            block_on(decoder.prefill(before))?;
        }
        let logits = block_on(decoder.prefill_all(&[&[*last], inputs].concat()))?;
        for (row, &target) in logits.chunks_exact(decoder.vocab_size()).zip(answer) {
            self.nats += log_norm(row) - f64::from(row[target as usize]);
        }
        self.bytes += bytes(&answer[..kept]);
        Ok(())
    }
}

/// F1 over words, clipped counts.
///
/// # Source
/// P. Rajpurkar et al., *SQuAD*, 2016, section 6.1: lower case, without punctuation and articles.
fn token_f1(text: &str, reference: &str) -> f64 {
    let (text, reference) = (words(text), words(reference));
    if text.is_empty() || reference.is_empty() {
        return f64::from(u8::from(text.is_empty() && reference.is_empty()));
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in &reference {
        *counts.entry(word).or_default() += 1;
    }
    let mut common = 0;
    for word in &text {
        if let Some(count) = counts.get_mut(word.as_str()).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    2.0 * f64::from(common) / (text.len() + reference.len()) as f64
}

fn words(text: &str) -> Vec<String> {
    let kept: String = text
        .to_lowercase()
        .chars()
        .filter(|char| char.is_alphanumeric() || char.is_whitespace())
        .collect();
    kept.split_whitespace()
        .filter(|word| !["a", "an", "the"].contains(word))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f1_of_words() {
        assert_eq!(token_f1("The Cat, sat!", "a cat sat"), 1.0);
        assert!((token_f1("the cat ran", "the cat sat down") - 0.4).abs() < 1e-9);
        assert_eq!(token_f1("", "cat"), 0.0);
        assert_eq!(token_f1("the", "a"), 1.0);
    }
}
