//! The same answers on WebGPU, where this machine has an adapter (a software one will do).
//!
//! `cargo test --release -p sotto-lm --features webgpu --test webgpu`
#![cfg(feature = "webgpu")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod common;

use common::{Fixture, difference, models};
use futures_lite::future::block_on;
use sotto_core::decode::{Decoder, greedy_tokens};
use sotto_lm::{Device, webgpu_device};

/// Largest difference from the reference's logits, in single precision.
const TOLERANCE: f32 = 1e-3;

fn device() -> Option<Device> {
    block_on(webgpu_device())
        .inspect_err(|error| println!("skipped: {error}"))
        .ok()
}

#[test]
fn logits_and_greedy_tokens_are_the_reference_s() {
    let Some(device) = device() else { return };
    for fixture in models() {
        let golden = fixture.golden();
        let mut decoder = fixture.decoder(&device);
        let logits = block_on(decoder.prefill(&golden.prompt_ids)).expect("prefill");
        let off = difference(&logits, &golden.last_prompt_logits);
        println!("largest difference: {off:e}");
        assert!(off < TOLERANCE, "logits are off by {off:e}");
        let expected = &golden.greedy_ids[golden.prompt_ids.len()..];
        let tokens = block_on(greedy_tokens(
            &mut decoder,
            &golden.prompt_ids,
            expected.len(),
        ))
        .expect("greedy");
        assert!(
            tokens
                .iter()
                .map(|token| token.id)
                .eq(expected.iter().copied())
        );
    }
}

#[test]
fn pieces_and_truncation_agree_with_the_cpu() {
    let Some(device) = device() else { return };
    let fixture = Fixture::ours("tiny-llama/int8");
    let ids: Vec<u32> = (0..128).map(|at| at * 37 % 320).collect();
    let mut on_cpu = fixture.decoder(&Device::Cpu);
    let expected = block_on(on_cpu.prefill(&ids)).expect("prefill");
    let mut decoder = fixture.decoder(&device);
    // More than one block of positions, with pieces that are no multiple of anything.
    block_on(decoder.prefill(&ids[..90])).expect("prefill");
    block_on(decoder.prefill(&[1, 2, 3, 4, 5])).expect("prefill");
    decoder.truncate(90);
    block_on(decoder.prefill(&ids[90..127])).expect("prefill");
    let logits = block_on(decoder.step(ids[127])).expect("step");
    assert!(difference(&logits, &expected) < TOLERANCE);
}
