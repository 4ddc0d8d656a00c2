//! `config.json` of a Llama-architecture model, as Hugging Face transformers writes it.
//!
//! Everything is checked here, before a byte of the model is allocated: after `from_json` the sizes are positive,
//! consistent and within limits, and no later code needs to doubt them. Fields that would change the arithmetic
//! and that this crate does not implement are refused, not ignored.

use serde::Deserialize;

use sotto_tokenizer::Vocabulary;

use crate::LmError;
use crate::kernels::attention::AttentionShape;

/// Largest sizes accepted. Ten times what a browser can run; they keep absurd files from reaching an allocation.
mod limit {
    pub(super) const HIDDEN: usize = 8_192;
    pub(super) const INTERMEDIATE: usize = 32_768;
    pub(super) const LAYERS: usize = 128;
    pub(super) const HEADS: usize = 128;
    pub(super) const HEAD_DIM: usize = 256;
    pub(super) const VOCAB: usize = 262_144;
    pub(super) const POSITIONS: usize = 131_072;
    pub(super) const PARAMETERS: usize = 500_000_000;
}

/// Sizes and constants of a Llama-architecture decoder.
#[derive(Debug, Clone, PartialEq)]
pub struct LlamaConfig {
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the feed-forward layer.
    pub intermediate_size: usize,
    /// Number of layers.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    /// Width of one head; even.
    pub head_dim: usize,
    /// Number of tokens.
    pub vocab_size: usize,
    /// Positions that the model was made for.
    pub max_positions: usize,
    /// Added to the mean square before its root.
    pub rms_norm_eps: f32,
    /// Base of the rotary frequencies.
    pub rope_theta: f32,
    /// Whether the output head is the embedding table.
    pub tied_head: bool,
    /// The token that separates documents (`eos_token_id`, the first if it is a list).
    pub end_of_text: u32,
}

#[derive(Deserialize)]
struct Raw {
    model_type: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
    hidden_act: Option<String>,
    hidden_size: Option<u64>,
    intermediate_size: Option<u64>,
    num_hidden_layers: Option<u64>,
    num_attention_heads: Option<u64>,
    num_key_value_heads: Option<u64>,
    head_dim: Option<u64>,
    vocab_size: Option<u64>,
    max_position_embeddings: Option<u64>,
    rms_norm_eps: Option<f64>,
    rope_theta: Option<f64>,
    rope_scaling: Option<serde_json::Value>,
    rope_parameters: Option<RopeParameters>,
    #[serde(default)]
    rope_interleaved: bool,
    #[serde(default)]
    tie_word_embeddings: bool,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    eos_token_id: Option<TokenIds>,
    quantization: Option<Quantization>,
}

/// Where newer versions of transformers keep what used to be `rope_theta` and `rope_scaling`.
#[derive(Deserialize)]
struct RopeParameters {
    rope_theta: Option<f64>,
    rope_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TokenIds {
    One(u32),
    Many(Vec<u32>),
}

/// Our own mark on a quantised model; the weights file says the rest by its types.
#[derive(Deserialize)]
struct Quantization {
    method: String,
    version: u32,
}

impl LlamaConfig {
    /// What the model expects of its tokenizer.
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            size: self.vocab_size,
            end_of_text: self.end_of_text,
            is_exact: true,
        }
    }

    /// Reads and checks `config.json`.
    ///
    /// # Errors
    /// [`LmError::Architecture`] for another kind of model, [`LmError::Config`] or [`LmError::ConfigSyntax`] for
    /// sizes that are absent, inconsistent or beyond the limits.
    pub fn from_json(json: &[u8]) -> Result<Self, LmError> {
        let raw: Raw = serde_json::from_slice(json).map_err(LmError::ConfigSyntax)?;
        check_kind(&raw)?;
        let config = Self {
            hidden_size: size(raw.hidden_size, limit::HIDDEN, "hidden_size")?,
            intermediate_size: size(
                raw.intermediate_size,
                limit::INTERMEDIATE,
                "intermediate_size",
            )?,
            layers: size(raw.num_hidden_layers, limit::LAYERS, "num_hidden_layers")?,
            heads: size(raw.num_attention_heads, limit::HEADS, "num_attention_heads")?,
            kv_heads: size(
                raw.num_key_value_heads.or(raw.num_attention_heads),
                limit::HEADS,
                "num_key_value_heads",
            )?,
            head_dim: head_dim(&raw)?,
            vocab_size: size(raw.vocab_size, limit::VOCAB, "vocab_size")?,
            max_positions: size(
                raw.max_position_embeddings,
                limit::POSITIONS,
                "max_position_embeddings",
            )?,
            rms_norm_eps: constant(raw.rms_norm_eps, 1e-6, 1e-12..=1e-2, "rms_norm_eps")?,
            rope_theta: constant(
                raw.rope_theta.or_else(|| {
                    raw.rope_parameters
                        .as_ref()
                        .and_then(|rope| rope.rope_theta)
                }),
                10_000.0,
                1.0..=1e9,
                "rope_theta",
            )?,
            tied_head: raw.tie_word_embeddings,
            end_of_text: match raw.eos_token_id {
                Some(TokenIds::One(id)) => id,
                Some(TokenIds::Many(ids)) => *ids
                    .first()
                    .ok_or(LmError::Config("eos_token_id is empty"))?,
                None => return Err(LmError::Config("eos_token_id is missing")),
            },
        };
        config.check_consistent()?;
        Ok(config)
    }

    fn check_consistent(&self) -> Result<(), LmError> {
        if !self.heads.is_multiple_of(self.kv_heads) {
            return Err(LmError::Config(
                "num_key_value_heads does not divide num_attention_heads",
            ));
        }
        if !self.head_dim.is_multiple_of(2) {
            return Err(LmError::Config("head_dim is odd"));
        }
        if self.end_of_text as usize >= self.vocab_size {
            return Err(LmError::Config("eos_token_id is beyond the vocabulary"));
        }
        if self.count() > limit::PARAMETERS as u64 {
            return Err(LmError::Config("more weights than this build accepts"));
        }
        Ok(())
    }

    /// Width of all query heads together.
    pub fn query_size(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Width of all key heads together; values have the same.
    pub fn kv_size(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Sizes of a layer's attention, with room for `capacity` positions and none held.
    pub(crate) fn attention_shape(&self, capacity: usize) -> AttentionShape {
        AttentionShape {
            heads: self.heads,
            kv_heads: self.kv_heads,
            head_dim: self.head_dim,
            capacity,
            past: 0,
        }
    }

    /// Number of weights.
    pub fn parameters(&self) -> usize {
        self.count() as usize
    }

    /// The same, of sizes that may be absurd: in WebAssembly a `usize` has 32 bits, and a product of legal sizes need not fit.
    fn count(&self) -> u64 {
        let [hidden, intermediate, layers, vocab, attended] = [
            self.hidden_size,
            self.intermediate_size,
            self.layers,
            self.vocab_size,
            2 * self.query_size() + 2 * self.kv_size(),
        ]
        .map(|size| size as u64);
        let layer = hidden * attended + 3 * hidden * intermediate + 2 * hidden;
        let tables = if self.tied_head { 1 } else { 2 } * vocab * hidden;
        layers * layer + tables + hidden
    }
}

fn check_kind(raw: &Raw) -> Result<(), LmError> {
    if raw.model_type.as_deref() != Some("llama") {
        return Err(LmError::Architecture("model_type is not llama"));
    }
    if raw
        .architectures
        .iter()
        .any(|name| name != "LlamaForCausalLM")
    {
        return Err(LmError::Architecture(
            "architectures names something other than LlamaForCausalLM",
        ));
    }
    if raw.hidden_act.as_deref().is_some_and(|act| act != "silu") {
        return Err(LmError::Architecture("hidden_act is not silu"));
    }
    if raw.attention_bias || raw.mlp_bias {
        return Err(LmError::Architecture("layers with bias"));
    }
    if raw.rope_interleaved {
        return Err(LmError::Architecture("interleaved rotary embedding"));
    }
    let default_type = |rope: &RopeParameters| {
        rope.rope_type
            .as_deref()
            .is_none_or(|kind| kind == "default")
    };
    if raw
        .rope_scaling
        .as_ref()
        .is_some_and(|value| !value.is_null())
        || !raw.rope_parameters.as_ref().is_none_or(default_type)
    {
        return Err(LmError::Architecture("scaled rotary embedding"));
    }
    if raw
        .quantization
        .as_ref()
        .is_some_and(|q| q.method != "sotto-int8" || !(1..=2).contains(&q.version))
    {
        return Err(LmError::Architecture(
            "quantization other than sotto-int8 version 1 or 2",
        ));
    }
    Ok(())
}

fn head_dim(raw: &Raw) -> Result<usize, LmError> {
    let derived = match (raw.hidden_size, raw.num_attention_heads) {
        (Some(hidden), Some(heads)) if heads > 0 && hidden % heads == 0 => Some(hidden / heads),
        _ => None,
    };
    size(raw.head_dim.or(derived), limit::HEAD_DIM, "head_dim")
}

fn size(value: Option<u64>, limit: usize, name: &'static str) -> Result<usize, LmError> {
    let value = value.and_then(|value| usize::try_from(value).ok());
    value
        .filter(|value| (1..=limit).contains(value))
        .ok_or(LmError::Config(name))
}

fn constant(
    value: Option<f64>,
    default: f64,
    range: std::ops::RangeInclusive<f64>,
    name: &'static str,
) -> Result<f32, LmError> {
    let value = value.unwrap_or(default);
    if range.contains(&value) {
        Ok(value as f32)
    } else {
        Err(LmError::Config(name))
    }
}

#[cfg(test)]
mod tests {
    use sotto_core::protocol::{Coded as _, ErrorCode};

    use super::*;

    const GOOD: &str = r#"{"model_type":"llama","architectures":["LlamaForCausalLM"],"hidden_act":"silu",
        "hidden_size":64,"intermediate_size":128,"num_hidden_layers":2,"num_attention_heads":4,
        "num_key_value_heads":2,"vocab_size":320,"max_position_embeddings":128,"rms_norm_eps":1e-5,
        "eos_token_id":0}"#;

    fn code_with(key: &str, value: serde_json::Value) -> ErrorCode {
        let mut config: serde_json::Value =
            serde_json::from_str(GOOD).expect("the test's own JSON");
        config[key] = value;
        let error =
            LlamaConfig::from_json(config.to_string().as_bytes()).expect_err("must be refused");
        error.code()
    }

    #[test]
    fn reads_sizes_and_derives_the_rest() {
        let config = LlamaConfig::from_json(GOOD.as_bytes()).expect("a good config");
        assert_eq!(
            (config.head_dim, config.kv_size(), config.query_size()),
            (16, 32, 64)
        );
        assert_eq!(config.rope_theta, 10_000.0);
        assert!(!config.tied_head);
    }

    #[test]
    fn another_architecture_is_unknown() {
        for (key, value) in [
            ("model_type", "gpt2".into()),
            ("model_type", serde_json::Value::Null),
            ("architectures", serde_json::json!(["MistralForCausalLM"])),
            ("hidden_act", "gelu".into()),
            ("attention_bias", true.into()),
            (
                "rope_scaling",
                serde_json::json!({"type": "linear", "factor": 2.0}),
            ),
            ("rope_parameters", serde_json::json!({"rope_type": "yarn"})),
            (
                "quantization",
                serde_json::json!({"method": "gptq", "version": 1}),
            ),
        ] {
            assert_eq!(
                code_with(key, value),
                ErrorCode::ModelArchitectureUnknown,
                "{key}"
            );
        }
    }

    #[test]
    fn absurd_sizes_are_refused() {
        for (key, value) in [
            ("hidden_size", serde_json::json!(0)),
            ("hidden_size", serde_json::json!(u64::MAX)),
            ("hidden_size", serde_json::json!(-4)),
            ("hidden_size", serde_json::json!("64")),
            ("hidden_size", serde_json::json!(66)),
            ("num_hidden_layers", serde_json::json!(1_000_000)),
            ("num_key_value_heads", serde_json::json!(3)),
            ("head_dim", serde_json::json!(15)),
            ("vocab_size", serde_json::json!(4_000_000_000_u64)),
            ("max_position_embeddings", serde_json::json!(1e30)),
            ("rms_norm_eps", serde_json::json!(-1.0)),
            ("eos_token_id", serde_json::json!(320)),
            ("eos_token_id", serde_json::Value::Null),
            ("intermediate_size", serde_json::Value::Null),
        ] {
            assert_eq!(
                code_with(key, value),
                ErrorCode::ModelConfigInvalid,
                "{key}"
            );
        }
    }

    #[test]
    fn each_size_may_be_legal_and_the_model_still_too_large() {
        let mut config: serde_json::Value =
            serde_json::from_str(GOOD).expect("the test's own JSON");
        config["hidden_size"] = 8_192.into();
        config["head_dim"] = 64.into();
        config["vocab_size"] = 262_144.into();
        let error = LlamaConfig::from_json(config.to_string().as_bytes()).expect_err("too large");
        assert_eq!(error.code(), ErrorCode::ModelConfigInvalid);
    }

    #[test]
    fn not_json_is_a_config_error() {
        let error = LlamaConfig::from_json(b"\xff{").expect_err("not JSON");
        assert_eq!(error.code(), ErrorCode::ModelConfigInvalid);
    }
}
