//! Bits per byte and next-word recall of a text.
//!
//! The definitions are those of `models/recipe/evaluate.py`, with which a test holds this module to agree:
//!
//! - Bits per byte: -log2 p of every token of every document, over the UTF-8 bytes of the documents. A document starts
//!   after the end-of-text token. Windows are as long as the context and advance by the stride; only the tokens that are
//!   new in a window count.
//! - Next-word recall, as Hard et al. 2018 (arXiv 1811.03604, section 4) count it: at every word start the model sees the
//!   true text so far; recall@k is the share of words that are among its k guesses. A guess is one of the k most probable
//!   first tokens, continued greedily up to the word's end. Case counts; punctuation is skipped.
//!
//! One thing differs by design: here text that looks like a special token is text, as everywhere in the product.

mod measure;
mod predict;
mod windows;

pub(crate) use measure::{LanguageFigures, measure};
pub(crate) use predict::{Position, Predictor, best_three, log_norm};
pub(crate) use windows::word_ranges;

use std::time::Instant;

use crate::arguments::LanguageOptions;
use crate::cases::{self, TextCase};
use crate::error::EvalError;
use crate::model::PackModel;
use crate::report::{Report, percent};
pub(crate) use predict::LlamaPredictor;

/// Runs the command.
pub(crate) fn run(options: &LanguageOptions) -> Result<String, EvalError> {
    let common = &options.common;
    let started = Instant::now();
    let pack = PackModel::open(&common.pack)?;
    let cases: Vec<TextCase> = cases::read(&common.cases, common.limit)?;
    let tokenizer = pack.tokenizer()?;
    let mut predictor = LlamaPredictor::new(pack.decoder()?);
    let figures = measure(&mut predictor, &tokenizer, &cases, options.stride)?;
    let line = line(&figures);
    let seconds = started.elapsed().as_secs_f64();
    Report::new(
        ("language", "model"),
        &pack,
        common,
        cases.len(),
        seconds,
        figures,
    )?
    .write(&common.json)?;
    Ok(line)
}

/// The figures in one line.
pub(crate) fn line(figures: &LanguageFigures) -> String {
    format!(
        "{:.4} bits per byte, recall@1 {}, recall@3 {}, {} words",
        figures.bits_per_byte,
        percent(figures.recall_at_1),
        percent(figures.recall_at_3),
        figures.words
    )
}
