//! Whether an answer that was made on the device met a limit.

use super::local::MIN_TOKENS_PER_S;
use super::measured;
use crate::protocol::{AnswerConfidence, AnswerKind, AnswerStop, Limit, LocalAnswer};

/// Below this mean log-probability a model guesses: each token had one chance in eight, with the distribution that it
/// was sampled from. Not calibrated on answers that people judged, for want of such a set; models write fluent text at -0.3
/// to -1.2.
const MIN_MEAN_LOG_PROB: f32 = -2.0;

/// Above this mean entropy the model had no idea how to go on: as if it drew from 33 tokens of the same probability.
const MAX_MEAN_ENTROPY: f32 = 3.5;

/// Above this share of repeated sequences of four tokens a text says the same again and again. Prose stays below a tenth,
/// lists and tables come to a third.
const MAX_REPEATED_SHARE: f32 = 0.5;

/// How sure the model was is not known.
pub(super) struct Unknown;

/// The limit that `answer` met, if it met one; the gravest of several.
pub(super) fn limit(answer: &LocalAnswer) -> Result<Option<Limit>, Unknown> {
    let confidence = answer.confidence.filter(makes_sense);
    let repeats = confidence.is_some_and(|known| known.repeated_share > MAX_REPEATED_SHARE);
    if answer.stop == AnswerStop::Repetition || repeats {
        return Ok(Some(Limit::Repeats));
    }
    if answer.is_lesser_way {
        return Ok(Some(Limit::LesserWay));
    }
    if answer.is_input_cut {
        return Ok(Some(Limit::InputCut));
    }
    if answer.stop == AnswerStop::Length {
        return Ok(Some(Limit::AnswerCut));
    }
    // Sentences of the text itself: nobody was unsure.
    if answer.kind == AnswerKind::Extractive {
        return Ok(None);
    }
    if confidence.is_some_and(is_unsure) {
        return Ok(Some(Limit::LowConfidence));
    }
    if measured(answer.tokens_per_s).is_some_and(|speed| speed < MIN_TOKENS_PER_S) {
        return Ok(Some(Limit::TooSlow));
    }
    confidence.map(|_| None).ok_or(Unknown)
}

fn is_unsure(known: AnswerConfidence) -> bool {
    known.mean_log_prob < MIN_MEAN_LOG_PROB || known.mean_entropy > MAX_MEAN_ENTROPY
}

/// One figure that cannot be makes all of them doubtful: they come from the same logits.
fn makes_sense(figures: &AnswerConfidence) -> bool {
    figures.mean_log_prob.is_finite()
        && figures.mean_log_prob <= 0.0
        && figures.mean_entropy.is_finite()
        && figures.mean_entropy >= 0.0
        && (0.0..=1.0).contains(&figures.repeated_share)
}
