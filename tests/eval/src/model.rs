//! Opens a pack as the product does: signature, version, every hash, then the known answer, then nothing else.

use std::path::Path;

use futures_lite::future::block_on;
use serde::Serialize;
use sotto_core::assist::Abilities;
use sotto_core::decode::greedy_tokens;
use sotto_core::pack::{
    BlobRole, BlobSet, MAX_MANIFEST_BYTES, Manifest, PackError, Runtime, VerifiedManifest,
    trusted_keys, verify_manifest,
};
use sotto_core::suggestion::SuggestionSettings;
use sotto_lm::{
    Llama, LlamaCompleter, LlamaConfig, LlamaDecoder, Weights, flex_device, load_completer,
};
use sotto_tokenizer::{HfTokenizer, Vocabulary};

use crate::error::EvalError;
use crate::files;

/// Largest signature and largest file of settings read.
const MAX_SMALL_BYTES: u64 = 16_384;

/// A verified pack.
pub(crate) struct PackModel {
    manifest: VerifiedManifest,
    blobs: BlobSet,
}

/// What a result says of the pack.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PackInfo {
    name: String,
    version: u32,
    parameters: u32,
    quantization: String,
    weights_sha256: String,
}

impl PackModel {
    /// Verifies the pack and its known answer.
    pub(crate) fn open(pack: &Path) -> Result<Self, EvalError> {
        let json = files::read(&pack.join("manifest.json"), MAX_MANIFEST_BYTES as u64)?;
        let signature = files::read(&pack.join("manifest.sig"), MAX_SMALL_BYTES)?;
        let manifest = verify_manifest(&json, &signature, &trusted_keys(), None)?;
        if manifest.manifest().runtime != Runtime::Burn {
            return Err(EvalError::PackRuntime);
        }
        let mut blobs = BlobSet::default();
        for blob in &manifest.manifest().blobs {
            let path = pack.join("blobs").join(blob.sha256.to_string());
            if !path.exists() {
                return Err(PackError::BlobMissing(blob.role).into());
            }
            let bytes = files::read(&path, blob.role.max_bytes().into())?;
            blobs.insert(manifest.verify_blob(blob.role, bytes)?);
        }
        let this = Self { manifest, blobs };
        this.check_known_answer()?;
        Ok(this)
    }

    fn check_known_answer(&self) -> Result<(), EvalError> {
        let known = &self.manifest().known_answer;
        let mut decoder = self.decoder()?;
        let tokens = greedy_tokens(&mut decoder, &known.prompt_ids, known.greedy_ids.len());
        let tokens = block_on(tokens).map_err(|_| EvalError::KnownAnswer)?;
        let ids = tokens.iter().map(|token| token.id);
        if ids.eq(known.greedy_ids.iter().copied()) {
            Ok(())
        } else {
            Err(EvalError::KnownAnswer)
        }
    }

    /// The manifest.
    pub(crate) fn manifest(&self) -> &Manifest {
        self.manifest.manifest()
    }

    /// For result files.
    pub(crate) fn info(&self) -> PackInfo {
        let manifest = self.manifest();
        let weights = manifest.blob(BlobRole::Weights);
        PackInfo {
            name: manifest.name.clone(),
            version: manifest.version,
            parameters: manifest.parameters,
            quantization: format!("{:?}", manifest.quantization).to_lowercase(),
            weights_sha256: weights.map_or_else(String::new, |blob| blob.sha256.to_string()),
        }
    }

    /// What the manifest says that the model is fit for.
    pub(crate) fn abilities(&self) -> Abilities {
        let assist = self.manifest().assist;
        Abilities {
            is_instruction_tuned: assist.is_instruction_tuned,
            is_abstractive: assist.is_abstractive,
        }
    }

    /// Tokens of context.
    pub(crate) fn context(&self) -> usize {
        self.manifest().context_tokens as usize
    }

    /// A decoder with the whole context.
    pub(crate) fn decoder(&self) -> Result<LlamaDecoder, EvalError> {
        let config = self.config()?;
        let weights = Weights::from_safetensors(self.weights()?)?;
        let model = Llama::load(&config, weights, &flex_device())?;
        Ok(LlamaDecoder::new(model, self.context())?)
    }

    /// The hot path, loaded by the function that the browser uses.
    pub(crate) fn completer(
        &self,
        settings: SuggestionSettings,
    ) -> Result<LlamaCompleter, EvalError> {
        Ok(load_completer(
            self.blobs.get(BlobRole::Config)?.bytes(),
            self.blobs.get(BlobRole::Tokenizer)?.bytes(),
            self.weights()?,
            self.context(),
            settings,
            &flex_device(),
        )?)
    }

    /// The tokenizer.
    pub(crate) fn tokenizer(&self) -> Result<HfTokenizer, EvalError> {
        let json = self.blobs.get(BlobRole::Tokenizer)?.bytes();
        Ok(HfTokenizer::from_json(json, self.config()?.vocabulary())?)
    }

    /// The tokenizer of `path`, another one than the pack's; its special tokens have the same ids.
    pub(crate) fn other_tokenizer(&self, path: &Path) -> Result<HfTokenizer, EvalError> {
        let json = files::read(path, BlobRole::Tokenizer.max_bytes().into())?;
        let vocabulary = Vocabulary {
            size: vocabulary_size(&json).unwrap_or_default(),
            ..self.config()?.vocabulary()
        };
        Ok(HfTokenizer::from_json(&json, vocabulary)?)
    }

    /// The pack's suggestion settings, or those of the file.
    pub(crate) fn settings(&self, path: Option<&Path>) -> Result<SuggestionSettings, EvalError> {
        let Some(path) = path else {
            return Ok(self.manifest().suggestion);
        };
        let json = files::read(path, MAX_SMALL_BYTES)?;
        let settings: SuggestionSettings =
            serde_json::from_slice(&json).map_err(|source| EvalError::Settings {
                path: path.into(),
                source,
            })?;
        if settings.is_valid() {
            Ok(settings)
        } else {
            Err(EvalError::SettingsRange { path: path.into() })
        }
    }

    /// The sizes.
    pub(crate) fn config(&self) -> Result<LlamaConfig, EvalError> {
        Ok(LlamaConfig::from_json(
            self.blobs.get(BlobRole::Config)?.bytes(),
        )?)
    }

    /// The weights file.
    pub(crate) fn weights(&self) -> Result<Vec<u8>, EvalError> {
        Ok(self.blobs.get(BlobRole::Weights)?.bytes().to_vec())
    }
}

/// Tokens of a `tokenizer.json`.
fn vocabulary_size(json: &[u8]) -> Option<usize> {
    let json: serde_json::Value = serde_json::from_slice(json).ok()?;
    let vocabulary = json["model"]["vocab"].as_object()?;
    let added = json["added_tokens"].as_array().into_iter().flatten();
    let is_new = |token: &&serde_json::Value| {
        token["content"]
            .as_str()
            .is_some_and(|content| !vocabulary.contains_key(content))
    };
    Some(vocabulary.len() + added.filter(is_new).count())
}
