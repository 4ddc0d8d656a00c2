//! `genai_config.json`, with which onnxruntime-genai's builder describes a decoder.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::models::{ModelError, files};

/// Name of the file.
pub(super) const GENAI_CONFIG: &str = "genai_config.json";

/// Largest one read, in bytes.
const MAX_GENAI_BYTES: u64 = 64 * 1024;

/// The part that is looked at.
#[derive(Debug, Deserialize)]
pub(super) struct Genai {
    model: Model,
}

#[derive(Debug, Deserialize)]
struct Model {
    decoder: Decoder,
    #[serde(rename = "type")]
    family: Option<String>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Decoder {
    filename: Option<String>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Genai {
    /// Reads it, if the folder has one.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>, ModelError> {
        let path = dir.join(GENAI_CONFIG);
        if !path.is_file() {
            return Ok(None);
        }
        let json = files::read_followed(&path, MAX_GENAI_BYTES)?;
        serde_json::from_slice(&json)
            .map(Some)
            .map_err(|_| ModelError::Config("genai_config.json does not describe a decoder"))
    }

    /// Name of the graph.
    pub(super) fn graph(&self) -> &str {
        self.model
            .decoder
            .filename
            .as_deref()
            .unwrap_or("model.onnx")
    }

    /// A `config.json` with what this file says: the builder does not always copy the model's own.
    pub(super) fn to_config_json(&self) -> Vec<u8> {
        let (model, decoder) = (&self.model, &self.model.decoder);
        let mut config = Map::new();
        if let Some(family) = &model.family {
            config.insert("model_type".into(), family.as_str().into());
        }
        let names = [
            (&decoder.fields, "num_hidden_layers", "num_hidden_layers"),
            (
                &decoder.fields,
                "num_attention_heads",
                "num_attention_heads",
            ),
            (
                &decoder.fields,
                "num_key_value_heads",
                "num_key_value_heads",
            ),
            (&decoder.fields, "hidden_size", "hidden_size"),
            (&decoder.fields, "head_size", "head_dim"),
            (&model.fields, "vocab_size", "vocab_size"),
            (&model.fields, "context_length", "max_position_embeddings"),
            (&model.fields, "bos_token_id", "bos_token_id"),
            (&model.fields, "eos_token_id", "eos_token_id"),
        ];
        for (fields, theirs, ours) in names {
            if let Some(value) = fields.get(theirs) {
                config.insert(ours.into(), value.clone());
            }
        }
        Value::Object(config).to_string().into_bytes()
    }
}
