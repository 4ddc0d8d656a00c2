//! Measures the WebGPU kernels natively, on whatever adapter wgpu finds: random models of three sizes, tokens a second, the
//! weights read a second, and what dispatching alone takes.
//!
//!     cargo run --release -p sotto-lm --features webgpu --example webgpu_speed [17m|135m|360m ...]
//!
//! `WGPU_BACKEND` and `VK_ICD_FILENAMES` choose another adapter, `SOTTO_KERNELS=software|hardware` the other kernels.
#![allow(clippy::print_stdout, reason = "a report is what this program is for")]
#![allow(missing_docs, reason = "an example has no users")]

#[allow(dead_code, reason = "other measurements use the rest")]
mod support;

use std::time::Instant;

use futures_lite::future::block_on;
use sotto_core::decode::Decoder;
use sotto_lm::{
    Device, Kernels, Llama, LlamaConfig, LlamaDecoder, LmError, Weights, webgpu_device,
};

/// Name, hidden, intermediate, layers, heads, key and value heads, vocabulary. The first is the shape of sotto-nano, the others those of
/// SmolLM2 (huggingface.co/HuggingFaceTB), with a shorter context.
const SHAPES: [(&str, [usize; 6]); 3] = [
    ("17m", [384, 1024, 6, 6, 2, 12_288]),
    ("135m", [576, 1536, 30, 9, 3, 49_152]),
    ("360m", [960, 2560, 32, 15, 5, 49_152]),
];

/// Tokens before those that are measured.
const PAST: usize = 64;

fn main() -> Result<(), LmError> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let mut device = block_on(webgpu_device())?;
    match std::env::var("SOTTO_KERNELS").as_deref() {
        Ok("software") => device = device.with_kernels(Kernels::Software),
        Ok("hardware") => device = device.with_kernels(Kernels::Hardware),
        _ => {}
    }
    println!("{device:?}");
    for (name, shape) in SHAPES {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            measure(name, shape, &device)?;
        }
    }
    Ok(())
}

fn measure(name: &str, shape: [usize; 6], device: &Device) -> Result<(), LmError> {
    let config = config(shape)?;
    let started = Instant::now();
    let mut decoder = decoder(&config, device)?;
    block_on(decoder.prefill(&prompt(PAST)))?;
    block_on(decoder.step(1))?;
    let bytes = config.parameters() as f64 - (config.vocab_size * config.hidden_size) as f64;
    println!(
        "{name}: {:.1} M weights, loaded and compiled in {:.0} ms",
        config.parameters() as f64 / 1e6,
        millis(started)
    );
    for len in [16, 64, 256] {
        let prompt = prompt(len);
        let ms = median(5, || {
            decoder.truncate(0);
            block_on(decoder.prefill(&prompt)).map(drop)
        })?;
        println!("  prefill of {len}: {ms:.2} ms");
    }
    let ms = step(&mut decoder)?;
    println!(
        "  token at {PAST}: {ms:.3} ms, {:.1} tokens/s, {:.1} GB/s of weights",
        1e3 / ms,
        bytes / ms / 1e6
    );
    // As many dispatches and readbacks, and next to nothing to compute.
    let mut narrow = self::decoder(&self::config([64, 64, shape[2], 1, 1, 512])?, device)?;
    let floor = step(&mut narrow)?;
    println!(
        "  dispatching and reading alone: {floor:.3} ms, {:.0} % of that",
        100.0 * floor / ms
    );
    Ok(())
}

fn decoder(config: &LlamaConfig, device: &Device) -> Result<LlamaDecoder, LmError> {
    let weights = Weights::from_safetensors(support::random_weights(config, true))?;
    let model = Llama::load(config, weights, device)?;
    LlamaDecoder::new(model, config.max_positions)
}

/// Milliseconds of a token, greedily.
fn step(decoder: &mut LlamaDecoder) -> Result<f64, LmError> {
    let steps = 16;
    decoder.truncate(0);
    block_on(decoder.prefill(&prompt(PAST)))?;
    let ms = median(5, || {
        decoder.truncate(PAST);
        let mut token = 1;
        for _ in 0..steps {
            token = best(&block_on(decoder.step(token))?);
        }
        Ok(())
    })?;
    Ok(ms / f64::from(steps))
}

/// Any tokens do; those of the smallest vocabulary.
fn prompt(len: usize) -> Vec<u32> {
    (0..len as u32).map(|at| at * 191 % 512).collect()
}

fn config(
    [hidden, intermediate, layers, heads, kv_heads, vocab]: [usize; 6],
) -> Result<LlamaConfig, LmError> {
    let json = format!(
        r#"{{"model_type":"llama","hidden_act":"silu","hidden_size":{hidden},"intermediate_size":{intermediate},
        "num_hidden_layers":{layers},"num_attention_heads":{heads},"num_key_value_heads":{kv_heads},"vocab_size":{vocab},
        "max_position_embeddings":512,"rms_norm_eps":1e-5,"rope_theta":10000.0,"tie_word_embeddings":{},"eos_token_id":0}}"#,
        vocab > 12_288
    );
    LlamaConfig::from_json(json.as_bytes())
}

fn best(logits: &[f32]) -> u32 {
    (0..logits.len())
        .max_by(|&a, &b| logits[a].total_cmp(&logits[b]).then(b.cmp(&a)))
        .unwrap_or_default() as u32
}

fn median(times: usize, mut work: impl FnMut() -> Result<(), LmError>) -> Result<f64, LmError> {
    let mut all = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        work()?;
        all.push(millis(started));
    }
    all.sort_unstable_by(f64::total_cmp);
    Ok(all[times / 2])
}

fn millis(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}
