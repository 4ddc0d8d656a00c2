//! Measures the CPU on a random model of the shipped model's shape.
//!
//! `cargo run --release -p sotto-lm --example speed`; `scripts/bench kernels` measures the same in Chromium.
#![allow(clippy::print_stdout, reason = "a report is what this program is for")]

mod support;

use std::time::Instant;

use futures_lite::future::block_on;
use sotto_core::decode::{Decoder, LogProbs};
use sotto_lm::LmError;

fn main() -> Result<(), LmError> {
    println!(
        "{:.1} M weights",
        support::config().parameters() as f32 / 1e6
    );
    for int8 in [false, true] {
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
    Ok(())
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
