//! What `config.json` and `generation_config.json` say about a decoder, whatever its family.

use serde::Deserialize;
use serde_json::Value;
use sotto_core::pack::MAX_CONTEXT_TOKENS;

use super::ModelError;

/// Limits of what is believed, several times the largest model that would run here.
const MAX_LAYERS: u32 = 256;
const MAX_HEADS: u32 = 1_024;
const MAX_HEAD_DIM: u32 = 1_024;
const MAX_VOCAB: u32 = 1 << 20;

/// The figures that feeding a decoder takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecoderConfig {
    /// `model_type`, for example `llama`.
    pub family: String,
    /// Number of key/value caches.
    pub layers: u32,
    /// Heads of each cache.
    pub kv_heads: u32,
    /// Width of a head.
    pub head_dim: u32,
    /// Rows of the logits.
    pub vocab_size: u32,
    /// Longest context, in tokens, at most [`MAX_CONTEXT_TOKENS`]: memory for the cache grows with it.
    pub context_tokens: u32,
    /// Tokens that end an answer; never empty.
    pub end_ids: Vec<u32>,
    /// Token that begins a text, if the model wants one.
    pub begin_id: Option<u32>,
    /// About how many weights the model has; `u32::MAX` stands for all larger numbers.
    pub parameters: u32,
}

/// The fields of `config.json`, under the names that Hugging Face transformers uses.
#[derive(Deserialize)]
struct Fields {
    model_type: Option<String>,
    #[serde(default)]
    is_encoder_decoder: bool,
    num_hidden_layers: Option<u32>,
    num_attention_heads: Option<u32>,
    num_key_value_heads: Option<u32>,
    head_dim: Option<u32>,
    hidden_size: Option<u32>,
    intermediate_size: Option<u32>,
    vocab_size: Option<u32>,
    max_position_embeddings: Option<u32>,
    tie_word_embeddings: Option<bool>,
    #[serde(default)]
    eos_token_id: Value,
    #[serde(default)]
    bos_token_id: Value,
}

/// The fields of `generation_config.json`.
#[derive(Deserialize, Default)]
struct Generation {
    #[serde(default)]
    eos_token_id: Value,
    #[serde(default)]
    bos_token_id: Value,
}

impl DecoderConfig {
    /// Reads both files; the second one is optional and wins where both name the tokens that end an answer.
    ///
    /// # Errors
    /// [`ModelError::Config`] with what is absent or out of range.
    pub fn from_json(config: &[u8], generation: Option<&[u8]>) -> Result<Self, ModelError> {
        let fields: Fields =
            serde_json::from_slice(config).map_err(|_| ModelError::Config("is not readable"))?;
        let generation: Generation = match generation {
            Some(json) => serde_json::from_slice(json)
                .map_err(|_| ModelError::Config("generation_config.json is not readable"))?,
            None => Generation::default(),
        };
        if fields.is_encoder_decoder {
            return Err(ModelError::Config("this is no decoder-only model"));
        }
        let heads = in_range(fields.num_attention_heads, MAX_HEADS, "num_attention_heads")?;
        let kv_heads = fields.num_key_value_heads.unwrap_or(heads);
        let head_dim = fields
            .head_dim
            .or_else(|| Some(fields.hidden_size? / heads));
        let layers = in_range(fields.num_hidden_layers, MAX_LAYERS, "num_hidden_layers")?;
        let vocab_size = in_range(fields.vocab_size, MAX_VOCAB, "vocab_size")?;
        let context = in_range(
            fields.max_position_embeddings,
            u32::MAX,
            "max_position_embeddings",
        )?;
        let mut end_ids = ids(&generation.eos_token_id);
        if end_ids.is_empty() {
            end_ids = ids(&fields.eos_token_id);
        }
        if end_ids.is_empty() || end_ids.iter().any(|id| *id >= vocab_size) {
            return Err(ModelError::Config("no usable eos_token_id"));
        }
        let this = Self {
            family: fields
                .model_type
                .clone()
                .unwrap_or_else(|| "unknown".into()),
            layers,
            kv_heads: in_range(Some(kv_heads), heads, "num_key_value_heads")?,
            head_dim: in_range(head_dim, MAX_HEAD_DIM, "head_dim")?,
            vocab_size,
            context_tokens: context.min(MAX_CONTEXT_TOKENS),
            end_ids,
            begin_id: [&fields.bos_token_id, &generation.bos_token_id]
                .into_iter()
                .flat_map(ids)
                .find(|id| *id < vocab_size),
            parameters: 0,
        };
        let parameters = this.estimate(&fields, heads);
        Ok(Self { parameters, ..this })
    }

    /// The weights of a Llama-style decoder with these sizes: embedding, head, and per layer attention and a gated MLP.
    fn estimate(&self, fields: &Fields, heads: u32) -> u32 {
        let [layers, kv, dim, vocab, heads] = [
            self.layers,
            self.kv_heads,
            self.head_dim,
            self.vocab_size,
            heads,
        ]
        .map(u64::from);
        let hidden = fields.hidden_size.map_or(heads * dim, u64::from);
        let inner = fields.intermediate_size.map_or(4 * hidden, u64::from);
        let embeddings = if fields.tie_word_embeddings == Some(true) {
            1
        } else {
            2
        };
        let layer = hidden * dim * (2 * heads + 2 * kv) + 3 * hidden * inner;
        let total = layer
            .saturating_mul(layers)
            .saturating_add(embeddings * vocab * hidden);
        u32::try_from(total.max(1)).unwrap_or(u32::MAX)
    }
}

fn in_range(value: Option<u32>, max: u32, name: &'static str) -> Result<u32, ModelError> {
    value
        .filter(|value| (1..=max).contains(value))
        .ok_or(ModelError::Config(name))
}

/// An id, or a list of them.
fn ids(value: &Value) -> Vec<u32> {
    let id = |value: &Value| u32::try_from(value.as_u64()?).ok();
    match value {
        Value::Array(values) => values.iter().filter_map(id).collect(),
        value => id(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smollm2() -> Value {
        serde_json::json!({
            "model_type": "llama", "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3,
            "hidden_size": 576, "intermediate_size": 1536, "vocab_size": 49152, "max_position_embeddings": 8192,
            "tie_word_embeddings": true, "bos_token_id": 1, "eos_token_id": 2
        })
    }

    fn read(config: &Value, generation: Option<&str>) -> Result<DecoderConfig, ModelError> {
        let json = serde_json::to_vec(config).unwrap();
        DecoderConfig::from_json(&json, generation.map(str::as_bytes))
    }

    #[test]
    fn the_figures_of_smollm2() {
        let config = read(&smollm2(), None).unwrap();
        assert_eq!(
            (config.layers, config.kv_heads, config.head_dim),
            (30, 3, 64)
        );
        assert_eq!((config.end_ids, config.begin_id), (vec![2], Some(1)));
        // The model card says 134,515,008; the norms are left out here.
        assert!(
            config.parameters.abs_diff(134_515_008) < 50_000,
            "{}",
            config.parameters
        );
    }

    #[test]
    fn other_families_say_the_same_in_other_ways() {
        let mut config = smollm2();
        config["max_position_embeddings"] = 131_072.into();
        config["head_dim"] = 128.into();
        config
            .as_object_mut()
            .unwrap()
            .remove("num_key_value_heads");
        let read_config = read(
            &config,
            Some(r#"{"eos_token_id": [5, 6], "bos_token_id": 9}"#),
        )
        .unwrap();
        assert_eq!(read_config.context_tokens, MAX_CONTEXT_TOKENS);
        assert_eq!((read_config.kv_heads, read_config.head_dim), (9, 128));
        assert_eq!(read_config.end_ids, [5, 6], "generation_config.json wins");
        config["bos_token_id"] = Value::Null;
        assert_eq!(read(&config, None).unwrap().begin_id, None);
    }

    #[test]
    fn what_cannot_be_fed_is_refused() {
        type Change = fn(&mut Value);
        let cases: [(Change, &str); 7] = [
            (|c| c["is_encoder_decoder"] = true.into(), "decoder-only"),
            (|c| c["num_hidden_layers"] = 0.into(), "num_hidden_layers"),
            (
                |c| c["num_hidden_layers"] = 100_000.into(),
                "num_hidden_layers",
            ),
            (
                |c| c["num_key_value_heads"] = 12.into(),
                "num_key_value_heads",
            ),
            (|c| c["vocab_size"] = Value::Null, "vocab_size"),
            (|c| c["eos_token_id"] = Value::Null, "eos_token_id"),
            (|c| c["eos_token_id"] = 49_152.into(), "eos_token_id"),
        ];
        for (change, field) in cases {
            let mut config = smollm2();
            change(&mut config);
            let error = read(&config, None).unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
        assert!(DecoderConfig::from_json(b"[", None).is_err());
        assert!(DecoderConfig::from_json(br#"{"hidden_size": 5}"#, None).is_err());
        assert!(read(&smollm2(), Some("{")).is_err());
    }
}
