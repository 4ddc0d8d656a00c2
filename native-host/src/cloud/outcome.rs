//! An answer of an endpoint, as it travels.

use sotto_core::protocol::{AnswerEngine, AnswerInfo, AnswerKind, AnswerStop, AnswerTiming};

use super::answer::Finish;
use super::client::Completed;

/// The last message of an answer that is complete.
pub(super) fn answer(engine: AnswerEngine, kind: AnswerKind, completed: &Completed) -> AnswerInfo {
    let ms = |time: std::time::Duration| time.as_secs_f32() * 1_000.0;
    let tokens = completed.usage.map_or(0, |usage| usage.output_tokens);
    let writing_s = completed
        .total
        .saturating_sub(completed.first_text)
        .as_secs_f32();
    AnswerInfo {
        engine,
        kind,
        stop: completed.finish.into(),
        is_input_cut: false,
        fallback: String::new(),
        timing: AnswerTiming {
            first_token_ms: ms(completed.first_text),
            total_ms: ms(completed.total),
            prompt_tokens: completed.usage.map_or(0, |usage| usage.input_tokens),
            tokens,
            tokens_per_s: match writing_s > 0.0 && tokens > 1 {
                true => (tokens - 1) as f32 / writing_s,
                false => 0.0,
            },
        },
        // It does not say.
        confidence: None,
        memory_mib: None,
    }
}

impl From<Finish> for AnswerStop {
    fn from(finish: Finish) -> Self {
        match finish {
            Finish::Complete => Self::Complete,
            Finish::Length => Self::Length,
        }
    }
}
