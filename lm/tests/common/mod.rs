//! Fixtures: models with answers that Hugging Face transformers gave.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sotto_lm::{Device, Llama, LlamaConfig, LlamaDecoder, Weights};

/// What the reference implementation answered.
#[derive(Deserialize)]
pub struct Golden {
    #[serde(default)]
    pub prompt_text: Option<String>,
    pub prompt_ids: Vec<u32>,
    pub greedy_ids: Vec<u32>,
    pub last_prompt_logits: Vec<f32>,
}

/// A model folder.
pub struct Fixture {
    folder: PathBuf,
}

impl Fixture {
    /// One of the models under tests/fixtures.
    pub fn ours(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../tests/fixtures")
            .join(name);
        assert!(
            folder.is_dir(),
            "{} is part of the repository",
            folder.display()
        );
        Self { folder }
    }

    /// One of the folders of third-party data beside the repository, where they are present.
    pub fn shared(name: &str) -> Option<Self> {
        let beside = |parent: &Path| parent.join("shared/fixtures").join(name);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(beside)
            .find(|folder| folder.is_dir());
        if folder.is_none() {
            println!("skipped: there is no shared/fixtures/{name} beside the repository");
        }
        folder.map(|folder| Self { folder })
    }

    pub fn read(&self, file: &str) -> Vec<u8> {
        let path = self.folder.join(file);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn config(&self) -> LlamaConfig {
        LlamaConfig::from_json(&self.read("config.json")).expect("a supported model")
    }

    pub fn golden(&self) -> Golden {
        serde_json::from_slice(&self.read("golden.json")).expect("golden.json")
    }

    pub fn decoder(&self, device: &Device) -> LlamaDecoder {
        let config = self.config();
        let weights =
            Weights::from_safetensors(self.read("model.safetensors")).expect("a weights file");
        let model = Llama::load(&config, weights, device).expect("matching weights");
        LlamaDecoder::new(model, config.max_positions).expect("a cache")
    }
}

/// Every fixture with answers.
pub fn models() -> Vec<Fixture> {
    let ours = ["tiny-llama", "tiny-llama-tied", "tiny-llama/int8"].map(Fixture::ours);
    ours.into_iter()
        .chain(Fixture::shared("stories260k"))
        .collect()
}

/// Largest difference.
pub fn difference(left: &[f32], right: &[f32]) -> f32 {
    assert_eq!(left.len(), right.len());
    left.iter()
        .zip(right)
        .map(|(left, right)| (left - right).abs())
        .fold(0.0, f32::max)
}
