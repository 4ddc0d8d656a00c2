//! Measures the CPU on a random model of the shipped model's shape.
//!
//! `cargo run --release -p sotto-lm --example speed`, behind it ` -- adapter` for what an adapter costs alone; `scripts/bench kernels` measures the same in Chromium.
#![allow(clippy::print_stdout, reason = "a report is what this program is for")]

mod support;

use std::sync::Arc;
use std::time::Instant;

use futures_lite::future::block_on;
use sotto_core::decode::{Decoder, LogProbs};
use sotto_lm::{Adapter, LlamaDecoder, LmError};

fn main() -> Result<(), LmError> {
    println!(
        "{:.1} M weights",
        support::config().parameters() as f32 / 1e6
    );
    let is_adapter_alone = std::env::args().nth(1).as_deref() == Some("adapter");
    for int8 in [false, true] {
        if is_adapter_alone {
            break;
        }
        println!("{}:", if int8 { "int8" } else { "f32" });
        let weights = support::weights(int8);
        let started = Instant::now();
        let mut decoder = support::decoder(weights)?;
        println!("  load {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
        for tokens in [4, 16, 64, 256] {
            let prompt = support::prompt(tokens);
            let ms = best_of(10, || {
                decoder.truncate(0);
                block_on(decoder.prefill(&prompt)).map(drop)
            })?;
            println!("  prefill of {tokens} {ms:.2} ms");
        }
        for past in [64, 256, 448] {
            decoder.truncate(0);
            block_on(decoder.prefill(&support::prompt(past)))?;
            let steps = 32;
            let ms = best_of(10, || {
                decoder.truncate(past);
                (0..steps).try_for_each(|token| block_on(decoder.step(token)).map(drop))
            })? / f64::from(steps);
            println!("  at {past}: {ms:.3} ms a token, {:.0} tokens/s", 1e3 / ms);
        }
        let logits = block_on(decoder.step(0))?;
        let ms = best_of(10, || {
            let log_probs = LogProbs::new(logits.clone()).expect("numbers");
            std::hint::black_box(log_probs.confidence(log_probs.best()));
            Ok(())
        })?;
        println!("  probabilities and confidence of a token {ms:.4} ms");
    }
    println!("adapter:");
    let mut decoder = support::decoder(support::weights(true))?;
    let [median, fastest] = slowdown(&mut decoder)?.map(|part| 100.0 * part);
    println!("  tokens take {median:.1} % longer with it; the fastest tenth {fastest:.1} %");
    Ok(())
}

/// Time of tokens with an adapter over the time without, minus one, of pairs that take turns at coming first: the median, and
/// that of the tenth that was fastest, which other processes disturbed least.
fn slowdown(decoder: &mut LlamaDecoder) -> Result<[f64; 2], LmError> {
    const PAST: usize = 16;
    const STEPS: usize = 6;
    const PAIRS: usize = 501;
    let adapter = Arc::new(support::adapter()?);
    let mut time = |adapter: Option<Arc<Adapter>>| {
        decoder.set_adapter(adapter)?;
        decoder.truncate(0);
        block_on(decoder.prefill(&support::prompt(PAST)))?;
        let started = Instant::now();
        for _ in 0..STEPS {
            block_on(decoder.step(support::STEP_TOKEN))?;
        }
        Ok::<_, LmError>(started.elapsed().as_secs_f64())
    };
    let mut times = [Vec::new(), Vec::new()];
    let mut ratios = Vec::new();
    for pair in 0..PAIRS {
        let mut of_pair = [0.0; 2];
        for turn in 0..2 {
            let which = (pair + turn) % 2;
            of_pair[which] = time((which == 1).then(|| adapter.clone()))?;
            times[which].push(of_pair[which]);
        }
        ratios.push(of_pair[1] / of_pair[0]);
    }
    for sorted in times.iter_mut().chain([&mut ratios]) {
        sorted.sort_unstable_by(f64::total_cmp);
    }
    let [without, with] = times.map(|times| times[PAIRS / 20]);
    Ok([ratios[PAIRS / 2] - 1.0, with / without - 1.0])
}

fn best_of(times: usize, mut work: impl FnMut() -> Result<(), LmError>) -> Result<f64, LmError> {
    let mut best = f64::INFINITY;
    for _ in 0..times {
        let started = Instant::now();
        work()?;
        best = best.min(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}
