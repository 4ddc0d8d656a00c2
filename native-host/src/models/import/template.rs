//! The chat template of an export, wherever its maker put it.

use std::path::Path;

use serde_json::Value;
use sotto_core::pack::BlobRole;

use crate::models::{ChatTemplate, DecoderConfig, ModelError, TemplateRole, Turn, files};

/// Largest `tokenizer_config.json` read, in bytes: those of Llama 3 list every special token, 50 thousand in all.
const MAX_TOKENIZER_CONFIG_BYTES: u64 = 8 << 20;

/// The template's source, if the folder has one: `chat_template.jinja`, `chat_template.json` or `tokenizer_config.json`.
///
/// # Errors
/// [`ModelError::Template`] if there is one that cannot be used; those of reading.
pub(super) fn find(dir: &Path) -> Result<Option<String>, ModelError> {
    let path = dir.join("chat_template.jinja");
    if path.is_file() {
        let bytes = files::read_followed(&path, BlobRole::Template.max_bytes().into())?;
        return String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| ModelError::Template("is not UTF-8 text"));
    }
    for name in ["chat_template.json", "tokenizer_config.json"] {
        let path = dir.join(name);
        if !path.is_file() {
            continue;
        }
        let json = files::read_followed(&path, MAX_TOKENIZER_CONFIG_BYTES)?;
        let json: Value = serde_json::from_slice(&json)
            .map_err(|_| ModelError::Template("is in a file that is not readable"))?;
        if let Some(source) = in_json(&json["chat_template"]) {
            return Ok(Some(source));
        }
    }
    Ok(None)
}

/// One template, or a list of named ones, of which `default` is for conversations.
fn in_json(value: &Value) -> Option<String> {
    match value {
        Value::String(source) => Some(source.clone()),
        Value::Array(named) => named
            .iter()
            .find(|entry| entry["name"] == "default")
            .and_then(|entry| entry["template"].as_str())
            .map(str::to_owned),
        _ => None,
    }
}

/// Tries the template on the shortest conversation, so that one that never works is refused now and not in a chat.
///
/// # Errors
/// [`ModelError::Template`].
pub(super) fn check(
    source: &str,
    config: &DecoderConfig,
    tokenizer_json: &[u8],
) -> Result<(), ModelError> {
    if source.is_empty() || source.len() > BlobRole::Template.max_bytes() as usize {
        return Err(ModelError::Template("is empty or too large"));
    }
    let template = ChatTemplate::from_pack(source.as_bytes(), config, tokenizer_json)?;
    let greeting = Turn {
        role: TemplateRole::User,
        text: "Hello",
    };
    let prompt = template.render(&[greeting])?;
    if prompt.contains(greeting.text) {
        Ok(())
    } else {
        Err(ModelError::Template("leaves out what people write"))
    }
}
