//! Summaries as the product makes them, beside the two that need no model: the first three sentences, and the extractive
//! summary that the product falls back to.

mod rouge;
mod support;

use std::time::Instant;

use futures_lite::future::block_on;
use serde::Serialize;
use sotto_core::assist::{Abilities, Assistant, PlainFormat};
use sotto_core::decode::Tokenizer as _;
use sotto_core::protocol::{AnswerKind, SummaryLength};
use sotto_core::summary::{extract, join, lead};

use crate::arguments::{Length, SummarizeOptions};
use crate::cases::{self, SummaryCase};
use crate::error::EvalError;
use crate::model::PackModel;
use crate::progress::Progress;
use crate::report::{Report, share};
use crate::world::World;
use rouge::Rouge;
use support::Support;

/// Sentences of the lead.
const LEAD_SENTENCES: usize = 3;

/// What `summarize` says. ROUGE is F1, over lower-case words of letters and digits, without stemming.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SummarizeFigures {
    rouge1: f64,
    rouge2: f64,
    rouge_l: f64,
    lead3_rouge1: f64,
    lead3_rouge2: f64,
    lead3_rouge_l: f64,
    extractive_rouge1: f64,
    extractive_rouge2: f64,
    extractive_rouge_l: f64,
    /// Share of the names and numbers in the summaries that are not in the source.
    unsupported_rate: Option<f64>,
    /// The same of the references, for comparison: people abbreviate and infer.
    reference_unsupported_rate: Option<f64>,
    /// Share of the summaries that a model wrote.
    abstractive_share: Option<f64>,
    /// Whether only what the manifest trusts the model with was asked for.
    as_shipped: bool,
    length: String,
}

/// Sums of one kind of summary.
#[derive(Debug, Default)]
struct Sum {
    rouge: Rouge,
    support: Support,
}

/// Runs the command.
pub(crate) fn run(options: &SummarizeOptions) -> Result<String, EvalError> {
    let started = Instant::now();
    let common = &options.common;
    let pack = PackModel::open(&common.pack)?;
    let cases: Vec<SummaryCase> = cases::read(&common.cases, common.limit)?;
    let abilities = if options.as_shipped {
        pack.abilities()
    } else {
        Abilities {
            is_abstractive: true,
            ..pack.abilities()
        }
    };
    let length = match options.length {
        Length::Short => SummaryLength::Short,
        Length::Medium => SummaryLength::Medium,
        Length::Long => SummaryLength::Long,
    };
    let mut completer = pack.completer(pack.settings(None)?)?;
    let (mut own, mut first, mut extracted) = (Sum::default(), Sum::default(), Sum::default());
    let mut references = Support::default();
    let mut abstractive = 0;
    let mut progress = Progress::new("documents", cases.len());
    for case in &cases {
        let (cached, tokenizer) = completer.lend();
        let end_ids = vec![tokenizer.end_of_text()];
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| EvalError::Assist(error);
        let mut assistant = Assistant::new(cached, tokenizer, PlainFormat, abilities, end_ids)
            .map_err(|error| failed(error.into()))?;
        let mut world = World::new();
        let answer = block_on(assistant.summarize(&case.document, length, 0, &mut world))
            .map_err(|error| failed(error.into()))?;
        abstractive += usize::from(answer.kind == AnswerKind::Abstractive);
        own.add(case, &world.text);
        first.add(
            case,
            &join(&lead(&case.document, LEAD_SENTENCES), SummaryLength::Medium),
        );
        extracted.add(case, &join(&extract(&case.document, length), length));
        references.add(&case.document, &case.summary);
        progress.step();
    }
    let [own_rouge, lead_rouge, extracted_rouge] =
        [&own, &first, &extracted].map(|sum| sum.rouge.mean(cases.len()));
    let figures = SummarizeFigures {
        rouge1: own_rouge.one,
        rouge2: own_rouge.two,
        rouge_l: own_rouge.longest,
        lead3_rouge1: lead_rouge.one,
        lead3_rouge2: lead_rouge.two,
        lead3_rouge_l: lead_rouge.longest,
        extractive_rouge1: extracted_rouge.one,
        extractive_rouge2: extracted_rouge.two,
        extractive_rouge_l: extracted_rouge.longest,
        unsupported_rate: own.support.rate(),
        reference_unsupported_rate: references.rate(),
        abstractive_share: share(abstractive, cases.len()),
        as_shipped: options.as_shipped,
        length: format!("{:?}", options.length).to_lowercase(),
    };
    let line = format!(
        "ROUGE-L {:.3}, lead-3 {:.3}, extractive {:.3}",
        figures.rouge_l, figures.lead3_rouge_l, figures.extractive_rouge_l
    );
    let seconds = started.elapsed().as_secs_f64();
    Report::new(
        ("summarize", "model"),
        &pack,
        common,
        cases.len(),
        seconds,
        figures,
    )?
    .write(&common.json)?;
    Ok(line)
}

impl Sum {
    fn add(&mut self, case: &SummaryCase, summary: &str) {
        self.rouge.add(&Rouge::of(summary, &case.summary));
        self.support.add(&case.document, summary);
    }
}
