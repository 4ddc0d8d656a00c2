//! What the engine needs of `config.json` and `generation_config.json`.

use serde::Deserialize;

use super::EngineError;

/// Sizes of a decoder, and the tokens that end an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelConfig {
    /// Rows of the embedding.
    pub vocab_size: usize,
    /// Tokens that end an answer; at least one.
    pub end_ids: Vec<u32>,
}

/// Largest vocabulary: twice that of the largest models in use. Keeps absurd files from reaching an allocation.
const MAX_VOCAB_SIZE: usize = 524_288;

#[derive(Deserialize)]
struct Raw {
    vocab_size: Option<usize>,
    #[serde(default)]
    eos_token_id: Ids,
    /// Where a model that also sees pictures keeps its sizes.
    text_config: Option<Box<Raw>>,
}

#[derive(Deserialize, Default)]
struct RawGeneration {
    #[serde(default)]
    eos_token_id: Ids,
}

/// One id or several.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Ids {
    #[default]
    None,
    One(u32),
    Several(Vec<u32>),
}

impl Ids {
    fn into_vec(self) -> Vec<u32> {
        match self {
            Self::None => vec![],
            Self::One(id) => vec![id],
            Self::Several(ids) => ids,
        }
    }
}

impl ModelConfig {
    /// Reads both files; the second one may be absent.
    ///
    /// # Errors
    /// [`EngineError::Config`].
    pub fn parse(config: &[u8], generation: Option<&[u8]>) -> Result<Self, EngineError> {
        let mut raw: Raw =
            serde_json::from_slice(config).map_err(|_| EngineError::Config("cannot be read"))?;
        let mut end_ids = std::mem::take(&mut raw.eos_token_id).into_vec();
        if raw.vocab_size.is_none()
            && let Some(text) = raw.text_config.take()
        {
            raw = *text;
            end_ids.extend(std::mem::take(&mut raw.eos_token_id).into_vec());
        }
        let vocab_size = raw
            .vocab_size
            .filter(|size| (1..=MAX_VOCAB_SIZE).contains(size))
            .ok_or(EngineError::Config("vocab_size is absent or out of range"))?;
        if let Some(generation) = generation {
            let generation: RawGeneration = serde_json::from_slice(generation)
                .map_err(|_| EngineError::Config("generation_config.json cannot be read"))?;
            end_ids.extend(generation.eos_token_id.into_vec());
        }
        end_ids.sort_unstable();
        end_ids.dedup();
        end_ids.retain(|&id| (id as usize) < vocab_size);
        if end_ids.is_empty() {
            return Err(EngineError::Config("names no token that ends an answer"));
        }
        Ok(Self {
            vocab_size,
            end_ids,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_come_from_both_files() {
        let parse = |config: &str, generation: Option<&str>| {
            ModelConfig::parse(config.as_bytes(), generation.map(str::as_bytes))
        };
        let config = parse(
            r#"{"vocab_size": 10, "eos_token_id": 2}"#,
            Some(r#"{"eos_token_id": [3, 2, 99]}"#),
        );
        assert_eq!(config.unwrap().end_ids, [2, 3]);
        let nested = parse(
            r#"{"text_config": {"vocab_size": 7, "eos_token_id": [1]}}"#,
            None,
        )
        .unwrap();
        assert_eq!((nested.vocab_size, nested.end_ids), (7, vec![1]));
        for bad in [
            "{",
            "{}",
            r#"{"vocab_size": 0, "eos_token_id": 0}"#,
            r#"{"vocab_size": 9}"#,
            r#"{"vocab_size": 4000000000, "eos_token_id": 0}"#,
        ] {
            assert!(
                matches!(parse(bad, None), Err(EngineError::Config(_))),
                "{bad}"
            );
        }
    }
}
