//! Suggestions as the product makes them: what is shown, how often it is right, where it should have been silent, and what a
//! whole passage costs to type.

mod carets;
mod frequency;
mod judge;
mod suggester;
mod typing;

pub(crate) use frequency::WordFrequencies;
pub(crate) use judge::is_right;
pub(crate) use suggester::Suggester;

use std::time::Instant;

use serde::Serialize;
use sotto_core::autocomplete::Completer;
use sotto_core::suggestion::SuggestionSettings;

use crate::arguments::{AutocompleteOptions, Engine, TokenOptions};
use crate::cases::{self, AutocompleteCase};
use crate::error::EvalError;
use crate::model::PackModel;
use crate::ngram::{self, NgramDecoder, NgramModel, TokenCorpus};
use crate::progress::Progress;
use crate::report::{Report, percent};
use carets::{CaretFigures, CaretTally};
use frequency::FrequencySuggester;
use typing::TypingFigures;
pub(crate) use typing::TypingTally;

/// What `autocomplete` says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AutocompleteFigures {
    #[serde(flatten)]
    carets: CaretFigures,
    /// Share of the passages' keystrokes saved, wrong suggestions paid for; `typing` has the parts.
    keystrokes_saved: Option<f64>,
    typing: TypingFigures,
    settings: SuggestionSettings,
}

/// Runs the command.
pub(crate) fn run(options: &AutocompleteOptions) -> Result<String, EvalError> {
    let started = Instant::now();
    let common = &options.common;
    let pack = PackModel::open(&common.pack)?;
    let cases: Vec<AutocompleteCase> = cases::read(&common.cases, common.limit)?;
    let settings = pack.settings(options.suggestion.as_deref())?;
    let (engine, figures) = match options.engine {
        Engine::Model => {
            let mut completer = pack.completer(settings)?;
            ("model", measure(&mut completer, &cases, options, settings)?)
        }
        Engine::Ngram => {
            let corpus = baseline_corpus(&pack, options)?;
            let model = NgramModel::train(&corpus, 5);
            let decoder = NgramDecoder::new(&model, pack.context());
            let tokenizer = corpus.into_tokenizer();
            let mut completer = Completer::new(decoder, tokenizer, settings)
                .map_err(|error| EvalError::Suggest(error.into()))?;
            ("ngram", measure(&mut completer, &cases, options, settings)?)
        }
        Engine::Frequency => {
            let corpus = baseline_corpus(&pack, options)?;
            let words = WordFrequencies::of(&corpus);
            let mut suggester = FrequencySuggester::new(&words, settings);
            (
                "frequency",
                measure(&mut suggester, &cases, options, settings)?,
            )
        }
    };
    let line = format!(
        "precision {}, coverage {}, wrong {}, silence {}, keystrokes saved {}",
        percent(figures.carets.precision_when_shown),
        percent(figures.carets.coverage),
        percent(figures.carets.wrong_show),
        percent(figures.carets.suppression_accuracy),
        percent(figures.keystrokes_saved),
    );
    let seconds = started.elapsed().as_secs_f64();
    Report::new(
        ("autocomplete", engine),
        &pack,
        common,
        cases.len(),
        seconds,
        figures,
    )?
    .write(&common.json)?;
    Ok(line)
}

fn measure(
    suggester: &mut impl Suggester,
    cases: &[AutocompleteCase],
    options: &AutocompleteOptions,
    settings: SuggestionSettings,
) -> Result<AutocompleteFigures, EvalError> {
    let mut carets = CaretTally::default();
    let mut typing = TypingTally::default();
    let mut progress = Progress::new("cases", cases.len());
    for case in cases {
        match case {
            AutocompleteCase::Caret(case) => {
                let suggestion = suggester.suggest_at(&case.before, &case.after, case.field)?;
                carets.add(case, &suggestion.outcome);
            }
            AutocompleteCase::Passage(case) => typing.add(&case.text, suggester)?,
        }
        progress.step();
    }
    let typing = typing.figures(options.wrong_cost);
    Ok(AutocompleteFigures {
        carets: carets.figures(),
        keystrokes_saved: typing.saved,
        typing,
        settings,
    })
}

fn baseline_corpus(
    pack: &PackModel,
    options: &AutocompleteOptions,
) -> Result<TokenCorpus, EvalError> {
    let options = TokenOptions {
        tokens: options.tokens.clone().unwrap_or_default(),
        tokenizer: options.tokenizer.clone(),
        max_tokens: 80_000_000,
        order: 5,
    };
    ngram::read_corpus(pack, &options)
}
