//! The manifest's fields and their limits.

use serde::{Deserialize, Serialize};

use super::onnx::check_files;
use super::{Assist, Blob, BlobRole, Graph, PackError, Runtime, Sha256, sha256};
use crate::suggestion::SuggestionSettings;

/// Version of the pack format that this build reads.
pub const FORMAT: u32 = 1;

/// Largest manifest, in bytes. A real one has about a thousand.
pub const MAX_MANIFEST_BYTES: usize = 64 * 1024;

/// Longest context that a manifest may claim, in tokens: sixteen times what autocomplete uses.
pub const MAX_CONTEXT_TOKENS: u32 = 8_192;

/// Most ids on either side of the known answer, so that the self-test at start-up stays short.
pub const MAX_KNOWN_ANSWER_IDS: usize = 64;

/// Longest name, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// Longest `license`, `architecture` in bytes.
const MAX_LABEL_BYTES: usize = 128;

/// What a pack holds. Unknown fields are ignored, so that a later format 1 may add some.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Version of the pack format; [`FORMAT`].
    pub format: u32,
    /// Name of the model: `a-z`, `0-9`, `-`.
    pub name: String,
    /// Version of the model, counted up from 1.
    pub version: u32,
    /// SPDX expression of the weights' licence.
    pub license: String,
    /// Model family, for example `llama`. Whether this build can run it is the engine's decision.
    pub architecture: String,
    /// Which engine the files are for.
    #[serde(default, skip_serializing_if = "Runtime::is_burn")]
    pub runtime: Runtime,
    /// How the weights are stored; with several graphs, those of the smallest.
    pub quantization: Quantization,
    /// Number of weights; `u32::MAX` stands for all larger ones.
    pub parameters: u32,
    /// Longest context, in tokens.
    pub context_tokens: u32,
    /// The files. For burn `config`, `tokenizer` and `weights`, each exactly once; for ONNX Runtime `config` and
    /// `tokenizer` exactly once, 1 to 8 `graph`, up to 16 `data`, at most one `template` and one `generation`.
    pub blobs: Vec<Blob>,
    /// What the `graph` files are, each exactly once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub graphs: Vec<Graph>,
    /// What the model is good for.
    #[serde(default, skip_serializing_if = "Assist::is_default")]
    pub assist: Assist,
    /// What a correct backend must answer. Only a pack for ONNX Runtime may have none, and only one that was imported on
    /// the device: whoever reads a shipped pack must insist on it. The CPU's own answer takes its place then.
    #[serde(default, skip_serializing_if = "KnownAnswer::is_empty")]
    pub known_answer: KnownAnswer,
    /// Thresholds measured for this model; absent fields keep their defaults. Not written if all are defaults, so that
    /// a pack without measurements follows the defaults of the build that reads it.
    #[serde(default, skip_serializing_if = "SuggestionSettings::is_default")]
    pub suggestion: SuggestionSettings,
}

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantization {
    /// 32-bit floats.
    None,
    /// 16-bit floats.
    F16,
    /// Signed 8-bit; for burn with one scale per output channel.
    Int8,
    /// 4-bit with a scale per block.
    Int4,
}

/// Input and output of the self-test that every backend must pass before it may answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownAnswer {
    /// Tokens to prefill.
    pub prompt_ids: Vec<u32>,
    /// Tokens that greedy decoding must give then.
    pub greedy_ids: Vec<u32>,
}

impl Manifest {
    /// The blob with this role, the first one of several.
    pub fn blob(&self, role: BlobRole) -> Option<&Blob> {
        self.blobs.iter().find(|blob| blob.role == role)
    }

    /// The blob with this role and name.
    pub fn named(&self, role: BlobRole, name: Option<&str>) -> Option<&Blob> {
        self.blobs
            .iter()
            .find(|blob| blob.role == role && blob.name.as_deref() == name)
    }

    /// What adapters are bound to: one sum over `config`, `tokenizer` and `weights`. Not the manifest's own, so that new
    /// thresholds for the same weights leave adapters valid. `None` for a pack without one of the three.
    pub fn base_sum(&self) -> Option<Sha256> {
        const CONTEXT: &[u8] = b"sotto-adapter-base-v1\0";
        let mut bytes = CONTEXT.to_vec();
        for role in [BlobRole::Config, BlobRole::Tokenizer, BlobRole::Weights] {
            bytes.extend(self.blob(role)?.sha256.0);
        }
        Some(sha256(&bytes))
    }

    /// Reads and checks a manifest. Says nothing about who wrote it.
    pub(super) fn parse(json: &[u8]) -> Result<Self, PackError> {
        /// Read first, so that a later format gives the right error even if its other fields differ.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(json).map_err(malformed)?;
        if format != FORMAT {
            return Err(PackError::FormatUnknown { found: format });
        }
        let manifest: Self = serde_json::from_slice(json).map_err(malformed)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Checks the range of every field.
    ///
    /// # Errors
    /// [`PackError`] with the first field that is out of range.
    pub fn check(&self) -> Result<(), PackError> {
        let name_ok = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let label_ok = |label: &str| {
            (1..=MAX_LABEL_BYTES).contains(&label.len())
                && label.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        };
        let ids_ok = |ids: &[u32]| (1..=MAX_KNOWN_ANSWER_IDS).contains(&ids.len());
        let fields = [
            ("format", self.format == FORMAT),
            (
                "name",
                (1..=MAX_NAME_BYTES).contains(&self.name.len()) && self.name.bytes().all(name_ok),
            ),
            ("version", self.version >= 1),
            ("license", label_ok(&self.license)),
            ("architecture", label_ok(&self.architecture)),
            ("parameters", self.parameters >= 1),
            (
                "contextTokens",
                (1..=MAX_CONTEXT_TOKENS).contains(&self.context_tokens),
            ),
            ("blobs", self.blobs.iter().all(Blob::is_in_range)),
            (
                "knownAnswer",
                (ids_ok(&self.known_answer.prompt_ids) && ids_ok(&self.known_answer.greedy_ids))
                    || (self.runtime == Runtime::Onnx && self.known_answer.is_empty()),
            ),
            ("suggestion", self.suggestion.is_valid()),
            (
                "quantization",
                self.runtime == Runtime::Onnx
                    || matches!(self.quantization, Quantization::None | Quantization::Int8),
            ),
        ];
        if let Some((field, _)) = fields.into_iter().find(|(_, ok)| !ok) {
            return Err(PackError::FieldInvalid { field });
        }
        check_files(self)
    }
}

impl KnownAnswer {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.prompt_ids.is_empty() && self.greedy_ids.is_empty()
    }
}

fn malformed(error: serde_json::Error) -> PackError {
    PackError::ManifestMalformed {
        line: error.line(),
        column: error.column(),
    }
}
