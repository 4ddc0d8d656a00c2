//! Measures the CPU backend on a random model of the shipped model's shape.
//!
//! `cargo run --release -p sotto-lm --example speed`
#![allow(clippy::print_stdout, reason = "a report is what this program is for")]

use std::collections::HashMap;
use std::time::Instant;

use futures_lite::future::block_on;
use safetensors::{Dtype, tensor::TensorView};
use sotto_core::decode::Decoder;
use sotto_lm::{Llama, LlamaConfig, LlamaDecoder, LmError, Weights, flex_device};

const CONFIG: &str = r#"{"model_type":"llama","hidden_act":"silu","hidden_size":256,"intermediate_size":704,
    "num_hidden_layers":6,"num_attention_heads":8,"num_key_value_heads":4,"vocab_size":12288,
    "max_position_embeddings":512,"rms_norm_eps":1e-5,"rope_theta":10000.0,"tie_word_embeddings":true,
    "eos_token_id":0}"#;

fn main() -> Result<(), LmError> {
    let config = LlamaConfig::from_json(CONFIG.as_bytes())?;
    println!("{:.1} M weights", config.parameters() as f32 / 1e6);
    for int8 in [false, true] {
        let weights = Weights::from_safetensors(random_weights(&config, int8))?;
        let started = Instant::now();
        let model = Llama::load(&config, weights, &flex_device())?;
        let load_ms = started.elapsed().as_secs_f64() * 1e3;
        let mut decoder = LlamaDecoder::new(model, config.max_positions)?;
        let prompt: Vec<u32> = (0..64)
            .map(|at| at * 191 % config.vocab_size as u32)
            .collect();
        let prefill_ms = best_of(10, || {
            decoder.truncate(0);
            block_on(decoder.prefill(&prompt)).map(drop)
        })?;
        let steps = 32;
        let decode_ms = best_of(10, || {
            decoder.truncate(64);
            (0..steps).try_for_each(|token| block_on(decoder.step(token)).map(drop))
        })?;
        println!(
            "{}: load {load_ms:.1} ms, prefill of 64 {prefill_ms:.2} ms, {:.3} ms a token, {:.0} tokens/s",
            if int8 { "int8" } else { "f32" },
            decode_ms / f64::from(steps),
            f64::from(steps) * 1e3 / decode_ms,
        );
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

fn random_weights(config: &LlamaConfig, int8: bool) -> Vec<u8> {
    let mut tensors = Vec::new();
    let mut state = 1_u32;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let mut matrix = |name: String, rows: usize, cols: usize| {
        let name = format!("{name}.weight");
        if int8 {
            let values: Vec<u8> = (0..rows * cols).map(|_| random() as u8).collect();
            let scales = std::iter::repeat_n(3e-4_f32.to_le_bytes(), rows)
                .flatten()
                .collect();
            tensors.push((format!("{name}_scale"), Dtype::F32, vec![rows], scales));
            tensors.push((name, Dtype::I8, vec![rows, cols], values));
        } else {
            let value = |bits: u32| (bits as i32 as f32 / 5e10).to_le_bytes();
            let values = (0..rows * cols).flat_map(|_| value(random())).collect();
            tensors.push((name, Dtype::F32, vec![rows, cols], values));
        }
    };
    let (hidden, inner) = (config.hidden_size, config.intermediate_size);
    matrix("model.embed_tokens".to_owned(), config.vocab_size, hidden);
    for layer in 0..config.layers {
        let name = |part: &str| format!("model.layers.{layer}.{part}");
        matrix(name("self_attn.q_proj"), config.query_size(), hidden);
        matrix(name("self_attn.k_proj"), config.kv_size(), hidden);
        matrix(name("self_attn.v_proj"), config.kv_size(), hidden);
        matrix(name("self_attn.o_proj"), hidden, config.query_size());
        matrix(name("mlp.gate_proj"), inner, hidden);
        matrix(name("mlp.up_proj"), inner, hidden);
        matrix(name("mlp.down_proj"), hidden, inner);
    }
    let norms = (0..config.layers).flat_map(|layer| {
        ["input_layernorm", "post_attention_layernorm"]
            .map(|part| format!("model.layers.{layer}.{part}.weight"))
    });
    for name in norms.chain(["model.norm.weight".to_owned()]) {
        let ones = std::iter::repeat_n(1_f32.to_le_bytes(), hidden)
            .flatten()
            .collect();
        tensors.push((name, Dtype::F32, vec![hidden], ones));
    }
    let views: HashMap<&str, TensorView<'_>> = tensors
        .iter()
        .map(
            |(name, dtype, shape, data): &(String, Dtype, Vec<usize>, Vec<u8>)| {
                (
                    name.as_str(),
                    TensorView::new(*dtype, shape.clone(), data).expect("sizes match"),
                )
            },
        )
        .collect();
    safetensors::serialize(views, None).expect("a valid file")
}
