//! Any bytes as an adapter: an error or factors of the shapes that they say, never a panic, and never more memory than the file
//! has bytes, some times over.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sotto_lm::{Adapter, Factors, LlamaConfig};

const CONFIG: &str = r#"{"model_type":"llama","hidden_act":"silu","hidden_size":8,"intermediate_size":12,
    "num_hidden_layers":2,"num_attention_heads":2,"num_key_value_heads":1,"vocab_size":20,
    "max_position_embeddings":16,"eos_token_id":0}"#;

fuzz_target!(|input: &[u8]| {
    let Ok(factors) = Factors::from_bytes(input) else {
        return;
    };
    // What was read is written and read again without a difference.
    let again = Factors::from_bytes(&factors.to_bytes()).expect("our own file");
    assert_eq!(again, factors);
    let config = LlamaConfig::from_json(CONFIG.as_bytes()).expect("a good config");
    let base = factors.info().base;
    let _ = Adapter::new(&factors, &config, &base);
});
