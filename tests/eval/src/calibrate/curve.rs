//! Whether the model's probabilities can be believed.

use serde::Serialize;
use sotto_core::text::units;

use super::record::Record;
use crate::autocomplete::is_right;
use crate::cases::CaretKind;
use crate::report::share;

const BINS: usize = 10;

/// Confidence against truth.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reliability {
    /// Of the first word or punctuation that the model would write, whatever the thresholds.
    first_word: Vec<Bin>,
    /// Mean distance between confidence and truth, weighted by cases.
    expected_calibration_error: Option<f64>,
    /// How well each of the confidence features tells right from wrong first words: the chance that a right one has more of
    /// it than a wrong one. 0.5 is no better than chance.
    area_under_curve: Areas,
}

/// Cases of similar confidence.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Bin {
    cases: usize,
    mean_confidence: Option<f64>,
    right: Option<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Areas {
    probability: Option<f64>,
    /// Of the first token's distribution, less is better.
    negative_entropy: Option<f64>,
    /// Of the first token to the next best one.
    margin: Option<f64>,
}

/// The first word of one case.
struct First {
    prob: f64,
    entropy: f64,
    margin: f64,
    is_right: bool,
}

impl Reliability {
    /// Of the insert cases.
    pub(super) fn of(records: &[Record<'_>]) -> Self {
        let firsts: Vec<First> = records.iter().filter_map(first).collect();
        let mut bins: Vec<(usize, f64, usize)> = vec![(0, 0.0, 0); BINS];
        for first in &firsts {
            let bin = &mut bins[((first.prob * BINS as f64) as usize).min(BINS - 1)];
            *bin = (
                bin.0 + 1,
                bin.1 + first.prob,
                bin.2 + usize::from(first.is_right),
            );
        }
        let error: f64 = bins
            .iter()
            .map(|(_, sum, right)| (sum - *right as f64).abs())
            .sum();
        let area = |of: fn(&First) -> f64| area(&firsts, of);
        Self {
            expected_calibration_error: (!firsts.is_empty()).then(|| error / firsts.len() as f64),
            first_word: bins
                .into_iter()
                .map(|(cases, sum, right)| Bin {
                    cases,
                    mean_confidence: (cases > 0).then(|| sum / cases as f64),
                    right: share(right, cases),
                })
                .collect(),
            area_under_curve: Areas {
                probability: area(|first| first.prob),
                negative_entropy: area(|first| -first.entropy),
                margin: area(|first| first.margin),
            },
        }
    }

    /// The curve as a drawing: a point for each bin, as large as it has cases.
    pub(super) fn svg(&self) -> String {
        const SIZE: f64 = 320.0;
        let most = self
            .first_word
            .iter()
            .map(|bin| bin.cases)
            .max()
            .unwrap_or(1)
            .max(1);
        let (mut path, mut points) = (String::new(), String::new());
        for bin in &self.first_word {
            let (Some(confidence), Some(right)) = (bin.mean_confidence, bin.right) else {
                continue;
            };
            let (x, y) = (40.0 + confidence * SIZE, 20.0 + (1.0 - right) * SIZE);
            let radius = 3.0 + 6.0 * (bin.cases as f64 / most as f64).sqrt();
            let command = if path.is_empty() { 'M' } else { 'L' };
            path += &format!("{command}{x:.1} {y:.1}");
            points += &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"/>");
        }
        let (right, bottom) = (40.0 + SIZE, 20.0 + SIZE);
        let ticks: String = (0..=4)
            .map(|tick| {
                let share = f64::from(tick) / 4.0;
                let (x, y) = (40.0 + share * SIZE, 20.0 + (1.0 - share) * SIZE);
                let percent = 100.0 * share;
                format!(
                    "<text x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{percent:.0}</text>\
                     <text x=\"34\" y=\"{:.0}\" text-anchor=\"end\">{percent:.0}</text>",
                    bottom + 16.0,
                    y + 4.0
                )
            })
            .collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {:.0}\" font-family=\"sans-serif\" font-size=\"11\">\n\
             <title>Share of first words that are right, by the model's confidence, in percent</title>\n\
             <rect x=\"40\" y=\"20\" width=\"{SIZE}\" height=\"{SIZE}\" fill=\"none\" stroke=\"#999\"/>\n\
             <path d=\"M40 {bottom}L{right} 20\" stroke=\"#999\" stroke-dasharray=\"4 4\"/>\n\
             <path d=\"{path}\" fill=\"none\" stroke=\"#2563eb\"/>\n<g fill=\"#2563eb\">{points}</g>\n{ticks}\n\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">confidence, %</text>\n\
             <text x=\"44\" y=\"14\">right, %</text>\n</svg>\n",
            right + 20.0,
            bottom + 40.0,
            40.0 + SIZE / 2.0,
            bottom + 34.0
        )
    }
}

/// The first word that the model would write at an insert case.
fn first(record: &Record<'_>) -> Option<First> {
    if record.case.kind != CaretKind::Insert || !record.case.after.is_empty() {
        return None;
    }
    let (continuation, _) = record.written.as_ref()?;
    let text = &continuation.text;
    let range = units(text).first()?.clone();
    let prob: f32 = sotto_core::decode::score(text, &continuation.pieces)
        .first()?
        .prob;
    let confidence = continuation.pieces.first()?.confidence;
    // The space that is typed already is not part of what is accepted.
    let is_spaced = record.case.before.ends_with(char::is_whitespace);
    let word = &text[range];
    let word = if is_spaced { word.trim_start() } else { word };
    Some(First {
        prob: f64::from(prob),
        entropy: f64::from(confidence.entropy),
        margin: f64::from(confidence.margin),
        is_right: is_right(word, &record.case.accept, ""),
    })
}

/// The chance that a right case has a larger feature than a wrong one; ties count half.
fn area(firsts: &[First], of: fn(&First) -> f64) -> Option<f64> {
    let mut sorted: Vec<(f64, bool)> = firsts
        .iter()
        .map(|first| (of(first), first.is_right))
        .collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let right = sorted.iter().filter(|(_, is_right)| *is_right).count();
    let wrong = sorted.len() - right;
    let (mut below, mut wins) = (0_usize, 0.0);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let right_here = tied.iter().filter(|(_, is_right)| *is_right).count();
        let wrong_here = tied.len() - right_here;
        wins += right_here as f64 * (below as f64 + wrong_here as f64 / 2.0);
        below += wrong_here;
    }
    (right > 0 && wrong > 0).then(|| wins / (right as f64 * wrong as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firsts(values: &[(f64, bool)]) -> Vec<First> {
        let first = |&(prob, is_right): &(f64, bool)| First {
            prob,
            entropy: 0.0,
            margin: 0.0,
            is_right,
        };
        values.iter().map(first).collect()
    }

    #[test]
    fn areas() {
        let area = |values: &[(f64, bool)]| area(&firsts(values), |first| first.prob);
        assert_eq!(area(&[(0.1, false), (0.9, true)]), Some(1.0));
        assert_eq!(area(&[(0.9, false), (0.1, true)]), Some(0.0));
        assert_eq!(area(&[(0.5, false), (0.5, true)]), Some(0.5));
        assert_eq!(area(&[(0.5, true)]), None);
    }
}
