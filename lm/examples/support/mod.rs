//! A random model of the shipped model's shape, and a random adapter for it, for measurements.
//!
//! Both have a table of token sequences that knows the token that measurements step over ([`STEP_TOKEN`]): in text the tables
//! have something to say behind most tokens.

use std::collections::HashMap;

use safetensors::{Dtype, tensor::TensorView};
use sotto_core::pack::Sha256;
use sotto_lm::{
    ADAPTER_FORMAT, Adapter, AdapterError, Device, Llama, LlamaConfig, LlamaDecoder, LmError, Slot,
    Target, Weights,
};

const CONFIG: &str = r#"{"model_type":"llama","hidden_act":"silu","hidden_size":384,"intermediate_size":1024,
    "num_hidden_layers":6,"num_attention_heads":6,"num_key_value_heads":2,"vocab_size":12288,
    "max_position_embeddings":512,"rms_norm_eps":1e-5,"rope_theta":10000.0,"tie_word_embeddings":false,
    "eos_token_id":0}"#;

/// What measurements append.
pub(crate) const STEP_TOKEN: u32 = 7;

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
    tensors.extend(table());
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

/// An adapter of rank 8 on every product, with a table that knows what stands behind every token up to `TABLE_TOKENS`.
pub(crate) fn adapter() -> Result<Adapter, AdapterError> {
    const RANK: usize = 8;
    let config = config();
    let base = Sha256([1; 32]);
    let mut state = 7_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Halves between 2^-7 and 2^-3, of both signs.
        ((state >> 16) as u16 & 0x8fff | 0x2000).to_le_bytes()
    };
    let mut tensors = Vec::new();
    for slot in Slot::all(config.layers, &Target::ALL) {
        let (n, k) = slot.target().shape(&config);
        for (factor, shape) in [("a", [RANK, k]), ("b", [n, RANK])] {
            let name = match slot.target() {
                Target::Head => format!("head.{factor}"),
                target => format!("layers.{}.{}.{factor}", slot.layer(), target.name()),
            };
            let values = (0..shape[0] * shape[1]).flat_map(|_| random()).collect();
            tensors.push((name, Dtype::F16, shape.to_vec(), values));
        }
    }
    tensors.extend(table());
    let description = format!(
        r#"{{"format":{ADAPTER_FORMAT},"base":"{}","rank":{RANK},"alpha":16.0}}"#,
        "01".repeat(32)
    );
    let metadata = std::iter::once(("sotto-adapter".to_owned(), description)).collect();
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        let view = TensorView::new(*dtype, shape.clone(), data).expect("sizes match");
        (name.as_str(), view)
    });
    let file = safetensors::serialize(views, Some(metadata)).expect("a valid file");
    Adapter::from_bytes(&file, &config, &base)
}

/// Name, type, shape and bytes of a tensor.
type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// A table whose only context is [`STEP_TOKEN`], with four tokens behind it: two buckets, of which one holds them.
fn table() -> [Tensor; 3] {
    // As `sotto_lm` hashes a context of one token.
    let sum = 0x9e37_79b9_7f4a_7c15_u64.wrapping_add(u64::from(STEP_TOKEN) + 1);
    let mixed = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = mixed ^ (mixed >> 27);
    let entry = |token: u32| (hash as u32 & 0x3fff) << 18 | token << 4 | 3;
    let entries: Vec<u32> = (100..104).map(entry).collect();
    let offsets = if hash >> 63 == 0 {
        [0, 4, 4]
    } else {
        [0, 0, 4]
    };
    let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
    [
        (
            "ngrams.weights",
            Dtype::F32,
            1,
            0.1_f32.to_le_bytes().to_vec(),
        ),
        ("ngrams.offsets", Dtype::U32, 3, bytes(&offsets)),
        ("ngrams.entries", Dtype::U32, 4, bytes(&entries)),
    ]
    .map(|(name, dtype, len, data)| (name.to_owned(), dtype, vec![len], data))
}
