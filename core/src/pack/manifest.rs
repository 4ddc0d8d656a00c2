//! The manifest's fields and their limits.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::PackError;
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
    /// How the weights are stored.
    pub quantization: Quantization,
    /// Number of weights.
    pub parameters: u32,
    /// Longest context, in tokens.
    pub context_tokens: u32,
    /// The files: each role exactly once.
    pub blobs: Vec<Blob>,
    /// What a correct backend must answer.
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
    /// Signed 8-bit with one scale per output channel.
    Int8,
}

/// One file of the pack, by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blob {
    /// What it is for.
    pub role: BlobRole,
    /// SHA-256 of its bytes; also its file name.
    pub sha256: Sha256,
    /// Its length.
    pub bytes: u32,
}

/// What a blob is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlobRole {
    /// `config.json`
    Config,
    /// `tokenizer.json`
    Tokenizer,
    /// `model.safetensors`
    Weights,
}

/// Input and output of the self-test that every backend must pass before it may answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownAnswer {
    /// Tokens to prefill.
    pub prompt_ids: Vec<u32>,
    /// Tokens that greedy decoding must give then.
    pub greedy_ids: Vec<u32>,
}

/// A SHA-256 sum; 64 lower-case hexadecimal digits in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Manifest {
    /// The blob with this role.
    pub fn blob(&self, role: BlobRole) -> Option<&Blob> {
        self.blobs.iter().find(|blob| blob.role == role)
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
            (
                "blobs",
                self.blobs
                    .iter()
                    .all(|blob| (1..=blob.role.max_bytes()).contains(&blob.bytes)),
            ),
            (
                "knownAnswer",
                ids_ok(&self.known_answer.prompt_ids) && ids_ok(&self.known_answer.greedy_ids),
            ),
            ("suggestion", self.suggestion.is_valid()),
        ];
        if let Some((field, _)) = fields.into_iter().find(|(_, ok)| !ok) {
            return Err(PackError::FieldInvalid { field });
        }
        for role in BlobRole::ALL {
            match self.blobs.iter().filter(|blob| blob.role == role).count() {
                0 => return Err(PackError::BlobMissing(role)),
                1 => {}
                _ => return Err(PackError::RoleDuplicate(role)),
            }
        }
        Ok(())
    }
}

impl BlobRole {
    /// Every role; a pack has each exactly once.
    pub const ALL: [Self; 3] = [Self::Config, Self::Tokenizer, Self::Weights];

    /// Largest blob of this role, in bytes: several times the largest that would still fit the use. Weights are bounded
    /// by what a browser tab can hold beside its other work.
    pub fn max_bytes(self) -> u32 {
        match self {
            Self::Config => 64 * 1024,
            Self::Tokenizer => 16 * 1024 * 1024,
            Self::Weights => 512 * 1024 * 1024,
        }
    }
}

impl fmt::Display for BlobRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "config",
            Self::Tokenizer => "tokenizer",
            Self::Weights => "weights",
        })
    }
}

impl std::str::FromStr for BlobRole {
    type Err = PackError;

    /// # Errors
    /// [`PackError::FieldInvalid`] for anything but the three names.
    fn from_str(name: &str) -> Result<Self, PackError> {
        Self::ALL
            .into_iter()
            .find(|role| role.to_string() == name)
            .ok_or(PackError::FieldInvalid { field: "role" })
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_sha256(&text).ok_or_else(|| de::Error::custom("not 64 lower-case hexadecimal digits"))
    }
}

fn parse_sha256(text: &str) -> Option<Sha256> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut sum = [0; 32];
    for (byte, pair) in sum.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Some(Sha256(sum))
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn malformed(error: serde_json::Error) -> PackError {
    PackError::ManifestMalformed {
        line: error.line(),
        column: error.column(),
    }
}
