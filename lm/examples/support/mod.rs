//! A random model of the shipped model's shape, for measurements.

use std::collections::HashMap;

use safetensors::{Dtype, tensor::TensorView};
use sotto_lm::{Device, Llama, LlamaConfig, LlamaDecoder, LmError, Weights};

const CONFIG: &str = r#"{"model_type":"llama","hidden_act":"silu","hidden_size":384,"intermediate_size":1024,
    "num_hidden_layers":6,"num_attention_heads":6,"num_key_value_heads":2,"vocab_size":12288,
    "max_position_embeddings":512,"rms_norm_eps":1e-5,"rope_theta":10000.0,"tie_word_embeddings":false,
    "eos_token_id":0}"#;

/// The sizes.
pub(crate) fn config() -> LlamaConfig {
    LlamaConfig::from_json(CONFIG.as_bytes()).expect("a good config")
}

/// The weights file.
pub(crate) fn weights(int8: bool) -> Vec<u8> {
    random_weights(&config(), int8)
}

/// A decoder on the CPU.
pub(crate) fn decoder(weights: Vec<u8>) -> Result<LlamaDecoder, LmError> {
    let config = config();
    let model = Llama::load(&config, Weights::from_safetensors(weights)?, &Device::Cpu)?;
    LlamaDecoder::new(model, config.max_positions)
}

/// Any tokens do: the work does not depend on them.
pub(crate) fn prompt(len: usize) -> Vec<u32> {
    let vocab_size = config().vocab_size as u32;
    (0..len as u32).map(|at| at * 191 % vocab_size).collect()
}

pub(crate) fn random_weights(config: &LlamaConfig, int8: bool) -> Vec<u8> {
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
    if !config.tied_head {
        matrix("lm_head".to_owned(), config.vocab_size, hidden);
    }
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
