//! Chooses the thresholds of the suggestion rules for one model.
//!
//! Every case is decoded once with thresholds that let nearly everything pass; what stricter ones would show of it follows
//! from the rules alone (`core::suggestion::decide`), so that thousands of settings can be tried without the model. Half of
//! the documents choose, the other half, decoded anew with the settings that were chosen, says what they are worth.
//!
//! The settings go into a pack with `sotto-pack make --suggestion FILE`.

mod curve;
mod record;
mod search;

use std::time::Instant;

use serde::Serialize;
use sotto_core::suggestion::SuggestionSettings;

use crate::arguments::CalibrateOptions;
use crate::autocomplete::Suggester as _;
use crate::cases::{self, AutocompleteCase, CaretCase};
use crate::error::EvalError;
use crate::files;
use crate::model::PackModel;
use crate::progress::Progress;
use crate::random::number_of;
use crate::report::{Report, percent, write_json};
use curve::Reliability;
use record::{Record, Score};
use search::Goal;

/// What `calibrate` says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CalibrateFigures {
    target: f64,
    max_wrong: f64,
    /// Whether the tuning half has settings that reach the target.
    is_reached: bool,
    settings: SuggestionSettings,
    /// On the half that chose.
    tuning: Score,
    /// On the other half, through the whole path.
    reported: Score,
    /// The other half with the settings that the pack has now.
    before: Score,
    reliability: Reliability,
}

/// Runs the command.
pub(crate) fn run(options: &CalibrateOptions) -> Result<String, EvalError> {
    if !(0.0..=1.0).contains(&options.target) {
        return Err(EvalError::Target);
    }
    let common = &options.common;
    let started = Instant::now();
    let pack = PackModel::open(&common.pack)?;
    let cases: Vec<AutocompleteCase> = cases::read(&common.cases, common.limit)?;
    let count = cases.len();
    let carets = cases.into_iter().filter_map(|case| match case {
        AutocompleteCase::Caret(case) => Some(case),
        AutocompleteCase::Passage(_) => None,
    });
    let (tuning, reporting): (Vec<CaretCase>, Vec<CaretCase>) =
        carets.partition(|case| is_for_tuning(&case.id));
    if tuning.is_empty() || reporting.is_empty() {
        return Err(EvalError::TextTooSmall {
            what: "carets in both halves",
        });
    }
    let present = pack.settings(None)?;
    let records = Record::all(&pack, &tuning, &present)?;
    let goal = Goal {
        precision: options.target,
        max_wrong: options.max_wrong,
    };
    let (settings, is_reached) = search::best(&records, &present, goal);
    let figures = CalibrateFigures {
        target: options.target,
        max_wrong: options.max_wrong,
        is_reached,
        tuning: Score::of(&records, &settings),
        reported: through_the_path(&pack, &reporting, &settings)?,
        before: through_the_path(&pack, &reporting, &present)?,
        reliability: Reliability::of(&Record::all(&pack, &reporting, &present)?),
        settings,
    };
    if let Some(path) = &options.settings {
        write_json(path, &settings)?;
    }
    if let Some(path) = &options.svg {
        files::write(path, figures.reliability.svg().as_bytes())?;
    }
    let reported = &figures.reported;
    let line = format!(
        "{}: precision {}, coverage {}, wrong {}, {:.2} characters saved a caret (before: {}, {}, {}, {:.2})",
        if is_reached { "reached" } else { "not reached" },
        percent(reported.precision_when_shown),
        percent(reported.coverage),
        percent(reported.wrong_show),
        reported.characters_saved.unwrap_or_default(),
        percent(figures.before.precision_when_shown),
        percent(figures.before.coverage),
        percent(figures.before.wrong_show),
        figures.before.characters_saved.unwrap_or_default(),
    );
    let seconds = started.elapsed().as_secs_f64();
    Report::new(
        ("calibrate", "model"),
        &pack,
        common,
        count,
        seconds,
        figures,
    )?
    .write(&common.json)?;
    Ok(line)
}

/// Cases of one document are in one half: `name/document/...`.
fn is_for_tuning(id: &str) -> bool {
    let mut parts = id.splitn(3, '/');
    let document = [parts.next(), parts.next()].map(Option::unwrap_or_default);
    number_of(&document.join("/"))
        .count_ones()
        .is_multiple_of(2)
}

/// Every case decoded with `settings`, nothing left out.
fn through_the_path(
    pack: &PackModel,
    cases: &[CaretCase],
    settings: &SuggestionSettings,
) -> Result<Score, EvalError> {
    let mut completer = pack.completer(*settings)?;
    let mut score = record::Tally::default();
    let mut progress = Progress::new("cases of the other half", cases.len());
    for case in cases {
        let suggestion = completer.suggest_at(&case.before, &case.after, case.field)?;
        score.add(case, &suggestion.outcome);
        progress.step();
    }
    Ok(score.score())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_in_one_half() {
        let half = |document: usize| is_for_tuning(&format!("valid/{document}/insert/1"));
        for document in 0..50 {
            assert_eq!(
                half(document),
                is_for_tuning(&format!("valid/{document}/suppress/77"))
            );
        }
        let tuning = (0..1_000).filter(|&document| half(document)).count();
        assert!((400..600).contains(&tuning), "{tuning}");
    }
}
