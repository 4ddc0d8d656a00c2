//! The same answers on WebGPU, where this machine has an adapter (a software one will do).
//!
//! `cargo test --release -p sotto-lm --features webgpu --test webgpu`
#![cfg(feature = "webgpu")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod common;

use std::path::Path;
use std::sync::OnceLock;

use common::{Fixture, difference, models};
use futures_lite::future::block_on;
use sotto_core::decode::{Decoder, Tokenizer, greedy_tokens};
use sotto_lm::{Device, Kernels, Llama, LlamaConfig, LlamaDecoder, Weights, webgpu_device};
use sotto_tokenizer::HfTokenizer;

/// Largest difference from the reference's logits, in single precision.
const TOLERANCE: f32 = 1e-3;

/// The same, as a share of the span of the logits, where activations are rounded to INT8: one token at a time.
const ROUNDED: f32 = 1e-2;

const TEXT: &str = "Thank you for your message. I have looked at the report that you sent on Monday, and I think we \
    should talk about the second part before the meeting. The figures for last month are not what we expected, so please \
    let me know when you have time this week. It would also help if you could send me the latest version of the plan.";

/// This machine's adapter with either kind of kernels. A process asks for it once.
fn devices() -> &'static [Device] {
    static DEVICES: OnceLock<Vec<Device>> = OnceLock::new();
    DEVICES.get_or_init(|| match block_on(webgpu_device()) {
        Ok(device) => [Kernels::Hardware, Kernels::Software]
            .map(|kernels| device.clone().with_kernels(kernels))
            .into(),
        Err(error) => {
            println!("skipped: {error}");
            Vec::new()
        }
    })
}

#[test]
fn logits_and_greedy_tokens_are_the_reference_s() {
    for device in devices() {
        for fixture in models() {
            let golden = fixture.golden();
            let mut decoder = fixture.decoder(device);
            let logits = block_on(decoder.prefill(&golden.prompt_ids)).expect("prefill");
            let off = difference(&logits, &golden.last_prompt_logits);
            println!("{device:?}: largest difference {off:e}");
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
}

#[test]
fn pieces_and_truncation_agree_with_the_cpu() {
    let fixture = Fixture::ours("tiny-llama/int8");
    let ids: Vec<u32> = (0..128).map(|at| at * 37 % 320).collect();
    let mut on_cpu = fixture.decoder(&Device::Cpu);
    let expected = block_on(on_cpu.prefill(&ids)).expect("prefill");
    for device in devices() {
        let mut decoder = fixture.decoder(device);
        // More than one block of positions, with pieces that are no multiple of anything.
        block_on(decoder.prefill(&ids[..90])).expect("prefill");
        block_on(decoder.prefill(&[1, 2, 3, 4, 5])).expect("prefill");
        decoder.truncate(90);
        block_on(decoder.prefill(&ids[90..121])).expect("prefill");
        let pieces = block_on(decoder.prefill(&ids[121..])).expect("prefill");
        decoder.truncate(121);
        let steps = ids[121..].iter().map(|&id| block_on(decoder.step(id)));
        let steps = steps.last().expect("some").expect("step");
        let off = difference(&pieces, &expected);
        assert!(off < TOLERANCE, "{device:?}: pieces are off by {off:e}");
        let off = difference(&steps, &expected) / span(&expected);
        println!("{device:?}: steps are off by {off:e} of the span");
        assert!(off < ROUNDED, "{device:?}: steps are off by {off:e}");
    }
}

/// Rounding costs the shipped model next to nothing: text is as likely as on the CPU, and the likeliest token is the same one.
#[test]
fn the_shipped_model_says_the_same() {
    let config = LlamaConfig::from_json(&shipped("config")).expect("a config");
    let tokenizer = HfTokenizer::from_json(&shipped("tokenizer"), config.vocabulary());
    let ids = tokenizer
        .expect("a tokenizer")
        .encode(TEXT)
        .expect("tokens");
    let measure = |device: &Device| {
        let weights = Weights::from_safetensors(shipped("weights")).expect("weights");
        let model = Llama::load(&config, weights, device).expect("a model");
        let mut decoder = LlamaDecoder::new(model, 256).expect("a cache");
        let mut chosen = Vec::new();
        let mut nats = 0.0;
        for pair in ids.windows(2) {
            let logits = block_on(decoder.step(pair[0])).expect("step");
            chosen.push(best(&logits));
            let largest = logits.iter().copied().fold(f32::MIN, f32::max);
            let sum: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
            nats += largest + sum.ln() - logits[pair[1] as usize];
        }
        (nats / chosen.len() as f32, chosen)
    };
    let (expected, choices) = measure(&Device::Cpu);
    for device in devices() {
        let (nats, chosen) = measure(device);
        let same = chosen.iter().zip(&choices).filter(|(a, b)| a == b).count();
        let all = chosen.len();
        println!(
            "{device:?}: {nats} nats a token, {expected} on the CPU; {same} of {all} choices the same"
        );
        assert!((nats - expected).abs() < 0.005 * expected);
        assert!(same * 50 >= chosen.len() * 49);
    }
}

/// What is computed ahead is used or thrown away, and changes nothing: tokens that nobody expected, tokens taken back, and the end
/// of the context are as without it.
#[test]
fn what_is_computed_ahead_changes_no_answer() {
    let fixture = Fixture::ours("tiny-llama/int8");
    let [hardware, software] = devices() else {
        return;
    };
    // Computed ahead only with the kernels for hardware.
    let (mut ahead, mut plain) = (fixture.decoder(hardware), fixture.decoder(software));
    let prompt: Vec<u32> = (0..20).map(|at| at * 37 % 320).collect();
    for decoder in [&mut ahead, &mut plain] {
        block_on(decoder.prefill(&prompt)).expect("prefill");
    }
    let mut token = 5;
    for at in 0..60 {
        let logits = block_on(ahead.step(token)).expect("step");
        let expected = block_on(plain.step(token)).expect("step");
        let off = difference(&logits, &expected);
        assert!(off < TOLERANCE, "step {at} is off by {off:e}");
        // Mostly what the network expects.
        token = if at % 7 == 3 {
            at as u32
        } else {
            best(&logits)
        };
        if at % 11 == 10 {
            for decoder in [&mut ahead, &mut plain] {
                let len = decoder.len();
                decoder.truncate(len - 3);
            }
        }
    }
    let room = ahead.capacity() - ahead.len();
    for _ in 0..room {
        block_on(ahead.step(token)).expect("the context has room");
    }
    assert!(block_on(ahead.step(token)).is_err(), "the context is full");
}

/// A file of the pack that ships.
fn shipped(role: &str) -> Vec<u8> {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/packs/sotto-nano");
    let manifest = std::fs::read(pack.join("manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    let blobs = manifest["blobs"].as_array().expect("blobs");
    let blob = blobs.iter().find(|blob| blob["role"] == role);
    let sum = blob.expect("a blob")["sha256"].as_str().expect("a sum");
    std::fs::read(pack.join("blobs").join(sum)).expect("the blob")
}

fn best(logits: &[f32]) -> u32 {
    let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]).then(b.cmp(&a)));
    best.unwrap_or_default() as u32
}

fn span(logits: &[f32]) -> f32 {
    let largest = logits.iter().copied().fold(f32::MIN, f32::max);
    largest - logits.iter().copied().fold(f32::MAX, f32::min)
}
