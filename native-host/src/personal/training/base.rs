//! The model that adapters are for: the pack of the browser, verified as there.

use std::path::Path;

use sotto_core::pack::{
    BlobRole, BlobSet, MAX_MANIFEST_BYTES, Sha256, trusted_keys, verify_manifest,
};
use sotto_lm::{Llama, LlamaConfig, LlamaDecoder, Weights, flex_device, train::Base};
use sotto_tokenizer::HfTokenizer;

use crate::models::files;
use crate::personal::PersonalError;

/// Largest signature.
const MAX_SIGNATURE_BYTES: u64 = 64;

/// A pack's version and what its adapters are bound to, if it is one of ours for the browser. Reads its manifest alone.
pub fn base_of(pack: &Path) -> Option<(u32, Sha256)> {
    let json = files::read(&pack.join("manifest.json"), MAX_MANIFEST_BYTES as u64).ok()?;
    let signature = files::read(&pack.join("manifest.sig"), MAX_SIGNATURE_BYTES).ok()?;
    let manifest = verify_manifest(&json, &signature, &trusted_keys(), None).ok()?;
    let manifest = manifest.manifest();
    Some((manifest.version, manifest.base_sum()?))
}

/// A verified pack, and what its adapters are bound to.
pub(super) struct BaseModel {
    pub(super) config: LlamaConfig,
    pub(super) sum: Sha256,
    pub(super) tokenizer: HfTokenizer,
    weights: Vec<u8>,
}

impl BaseModel {
    /// Reads and verifies a pack for the browser.
    pub(super) fn open(pack: &Path) -> Result<Self, PersonalError> {
        const BAD: &str = "The pack of the browser's model is damaged or not one of ours.";
        let bad = |_| PersonalError::Input(BAD);
        let json = files::read(&pack.join("manifest.json"), MAX_MANIFEST_BYTES as u64)?;
        let signature = files::read(&pack.join("manifest.sig"), MAX_SIGNATURE_BYTES)?;
        let manifest = verify_manifest(&json, &signature, &trusted_keys(), None).map_err(bad)?;
        let mut blobs = BlobSet::default();
        for blob in &manifest.manifest().blobs {
            let path = pack.join("blobs").join(blob.sha256.to_string());
            let bytes = files::read(&path, blob.role.max_bytes().into())?;
            blobs.insert(manifest.verify_blob(blob.role, bytes).map_err(bad)?);
        }
        let sum = manifest.manifest().base_sum();
        let sum = sum.ok_or(PersonalError::Input(
            "This pack is for another engine than the browser's.",
        ))?;
        let blob = |role| blobs.get(role).map_err(bad);
        let config = LlamaConfig::from_json(blob(BlobRole::Config)?.bytes())?;
        let tokenizer =
            HfTokenizer::from_json(blob(BlobRole::Tokenizer)?.bytes(), config.vocabulary())
                .map_err(sotto_lm::LmError::from)?;
        Ok(Self {
            config,
            sum,
            tokenizer,
            weights: blob(BlobRole::Weights)?.bytes().to_vec(),
        })
    }

    /// Widened, to train with.
    pub(super) fn widened(&self) -> Result<Base, PersonalError> {
        Ok(Base::load(&self.config, self.weights()?)?)
    }

    /// As it ships.
    pub(super) fn decoder(&self) -> Result<LlamaDecoder, PersonalError> {
        let model = Llama::load(&self.config, self.weights()?, &flex_device())?;
        Ok(LlamaDecoder::new(model, self.config.max_positions)?)
    }

    fn weights(&self) -> Result<Weights, PersonalError> {
        Ok(Weights::from_safetensors(self.weights.clone())?)
    }
}
