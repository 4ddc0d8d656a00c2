//! Trying a decoder out: whether it answers right, and how fast.

use std::time::Instant;

use ort::session::Session;
use ort::session::builder::SessionBuilder;
use sotto_core::decode::{DecodeError, greedy_tokens};

use super::EngineError;
use super::decoder::OrtDecoder;
use super::placement::Placement;
use super::source::GraphFiles;
use crate::block_on::block_on;

/// What was found out about one place.
pub(super) struct Trial {
    pub(super) decoder: OrtDecoder,
    pub(super) placement: Placement,
    pub(super) tokens_per_s: f64,
}

/// Runs `prompt` twice, the second time with a watch; gives the `count` tokens that followed.
///
/// # Errors
/// [`EngineError::WrongAnswer`] if the second answer is another one; those of running.
pub(super) fn measured(
    mut decoder: OrtDecoder,
    placement: Placement,
    prompt: &[u32],
    count: usize,
) -> Result<(Trial, Vec<u32>), EngineError> {
    let mut run = || {
        let tokens =
            block_on(greedy_tokens(&mut decoder, prompt, count)).map_err(|error| match error {
                DecodeError::Engine(error) => error,
                _ => EngineError::WrongAnswer,
            })?;
        Ok::<_, EngineError>(tokens.iter().map(|token| token.id).collect::<Vec<_>>())
    };
    let first = run()?;
    let start = Instant::now();
    let second = run()?;
    let seconds = start.elapsed().as_secs_f64().max(1e-6);
    if first != second {
        return Err(EngineError::WrongAnswer);
    }
    let trial = Trial {
        decoder,
        placement,
        tokens_per_s: count as f64 / seconds,
    };
    Ok((trial, first))
}

/// A session from a graph with its files.
pub(super) fn commit(
    mut builder: SessionBuilder,
    files: &GraphFiles,
) -> Result<Session, EngineError> {
    for (name, bytes) in &files.data {
        builder = builder
            .with_external_initializer_file_in_memory(name, bytes.clone())
            .map_err(EngineError::build("handing over the weights"))?;
    }
    builder
        .commit_from_memory(&files.graph)
        .map_err(EngineError::ort("compiling the model"))
}
