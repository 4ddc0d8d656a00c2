//! What an adapter costs at each token: pairs of the same steps with and without it, one after the other, so that whatever
//! else the machine does meets both.

use std::sync::Arc;
use std::time::Instant;

use futures_lite::future::block_on;
use sotto_core::decode::Decoder as _;
use sotto_lm::{Adapter, LlamaDecoder, LmError};

use crate::error::EvalError;

/// Tokens before those that are timed.
const PAST: usize = 96;
/// Tokens of one measurement: short, so that a disturbance spoils few.
const STEPS: usize = 16;
/// Pairs.
const PAIRS: usize = 301;

/// Median over pairs of the time with `adapter` over the time without, minus one. The steps are along `text`, another piece of it
/// for each pair: what the tables of model and adapter cost depends on how often they know the context. `None` if it is too short.
pub(super) fn slowdown(
    mut decoder: LlamaDecoder,
    adapter: &Arc<Adapter>,
    text: &[u32],
) -> Result<Option<f64>, EvalError> {
    let pieces: Vec<&[u32]> = text.chunks_exact(PAST + STEPS).collect();
    if pieces.is_empty() {
        return Ok(None);
    }
    let mut time = |pair: usize, adapter: Option<Arc<Adapter>>| {
        let (prompt, steps) = pieces[pair % pieces.len()].split_at(PAST);
        decoder.set_adapter(adapter).map_err(LmError::from)?;
        decoder.truncate(0);
        block_on(decoder.prefill(prompt))?;
        let started = Instant::now();
        for &token in steps {
            block_on(decoder.step(token))?;
        }
        Ok::<_, EvalError>(started.elapsed().as_secs_f64())
    };
    let mut ratios = Vec::with_capacity(PAIRS);
    for pair in 0..PAIRS {
        // In turns, so that neither always comes first.
        let (with, without) = if pair % 2 == 0 {
            let with = time(pair, Some(adapter.clone()))?;
            (with, time(pair, None)?)
        } else {
            let without = time(pair, None)?;
            (time(pair, Some(adapter.clone()))?, without)
        };
        ratios.push(with / without);
    }
    ratios.sort_unstable_by(f64::total_cmp);
    Ok(Some(ratios[PAIRS / 2] - 1.0))
}
