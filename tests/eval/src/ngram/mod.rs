//! The baseline: a 5-gram model with interpolated modified Kneser-Ney smoothing over the tokens of the model's own
//! tokenizer, so that bits per byte and next-word recall compare one to one with `language`.
//!
//! It is trained on the token files that the network is trained on, every token once, without the mix's shares: counts that
//! were multiplied would break the estimation of the discounts.
//!
//! # Source
//! S. Chen, J. Goodman, *An Empirical Study of Smoothing Techniques for Language Modeling*, 1999, section 3; the estimates
//! as K. Heafield et al., *Scalable Modified Kneser-Ney Language Model Estimation*, 2013, section 3.

mod corpus;
mod decoder;
mod estimate;
mod model;
mod trie;

pub(crate) use corpus::TokenCorpus;
pub(crate) use decoder::NgramDecoder;
pub(crate) use model::NgramModel;

use std::time::Instant;

use serde::Serialize;

use crate::arguments::{LanguageOptions, NgramOptions, TokenOptions};
use crate::autocomplete::WordFrequencies;
use crate::cases::{self, TextCase};
use crate::error::EvalError;
use crate::language::{LanguageFigures, line, measure};
use crate::model::PackModel;
use crate::report::Report;
use decoder::NgramPredictor;

/// What `ngram` says: the keys of `language`, and what it was trained on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NgramFigures {
    #[serde(flatten)]
    language: LanguageFigures,
    order: u8,
    trained_tokens: usize,
    /// Distinct n-grams by order.
    ngrams: Vec<usize>,
    /// The most frequent words as the guess at every word start.
    word_frequency: FrequencyFigures,
}

/// Recall of the same three guesses everywhere.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FrequencyFigures {
    recall_at_1: Option<f64>,
    recall_at_3: Option<f64>,
}

/// Runs the command.
pub(crate) fn run(options: &NgramOptions) -> Result<String, EvalError> {
    let LanguageOptions { common, stride } = &options.language;
    let started = Instant::now();
    let pack = PackModel::open(&common.pack)?;
    let cases: Vec<TextCase> = cases::read(&common.cases, common.limit)?;
    let corpus = read_corpus(&pack, &options.training)?;
    let frequencies = WordFrequencies::of(&corpus);
    let model = NgramModel::train(&corpus, options.training.order);
    let (trained_tokens, ngrams) = (corpus.len(), model.sizes());
    let tokenizer = corpus.into_tokenizer();
    let mut predictor = NgramPredictor::new(&model, pack.context());
    let language = measure(&mut predictor, &tokenizer, &cases, *stride)?;
    let line = line(&language);
    let (recall_at_1, recall_at_3) = frequencies.recall(&cases, &tokenizer)?;
    let figures = NgramFigures {
        language,
        order: options.training.order,
        trained_tokens,
        ngrams,
        word_frequency: FrequencyFigures {
            recall_at_1,
            recall_at_3,
        },
    };
    let seconds = started.elapsed().as_secs_f64();
    Report::new(
        ("ngram", "ngram"),
        &pack,
        common,
        cases.len(),
        seconds,
        figures,
    )?
    .write(&common.json)?;
    Ok(line)
}

/// The training tokens with their tokenizer.
pub(crate) fn read_corpus(
    pack: &PackModel,
    options: &TokenOptions,
) -> Result<TokenCorpus, EvalError> {
    let tokenizer = match &options.tokenizer {
        Some(path) => pack.other_tokenizer(path)?,
        None => pack.tokenizer()?,
    };
    TokenCorpus::read(&options.tokens, tokenizer, options.max_tokens)
}
