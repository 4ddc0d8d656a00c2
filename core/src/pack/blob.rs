//! The files of a pack: what each is for, and the sum it is known by.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::PackError;

/// Longest `name` of a blob, in bytes.
const MAX_FILE_NAME_BYTES: usize = 128;

/// One file of the pack, by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blob {
    /// What it is for.
    pub role: BlobRole,
    /// Name under which graphs refer to it: required for [`BlobRole::Graph`] and [`BlobRole::Data`], unique in the pack,
    /// `A-Z a-z 0-9 . _ -` without a leading dot. Never a path: the file itself is named by its sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
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
    /// `model.safetensors`, for burn
    Weights,
    /// An ONNX model
    Graph,
    /// Weights that an ONNX model refers to by name
    Data,
    /// The chat template, in Jinja
    Template,
    /// `generation_config.json`
    Generation,
}

/// A SHA-256 sum; 64 lower-case hexadecimal digits in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
pub struct Sha256(pub [u8; 32]);

impl Blob {
    /// Whether length and name are in range for the role.
    pub(super) fn is_in_range(&self) -> bool {
        let is_named = matches!(self.role, BlobRole::Graph | BlobRole::Data);
        (1..=self.role.max_bytes()).contains(&self.bytes)
            && self.name.as_deref().map_or(!is_named, is_file_name)
    }
}

impl BlobRole {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Config,
        Self::Tokenizer,
        Self::Weights,
        Self::Graph,
        Self::Data,
        Self::Template,
        Self::Generation,
    ];

    /// Largest blob of this role, in bytes: several times the largest that would still fit the use. Weights for burn are
    /// bounded by what a browser tab can hold beside its other work; an ONNX graph by protobuf's own limit, its data by
    /// the type of the length.
    pub fn max_bytes(self) -> u32 {
        match self {
            Self::Config | Self::Generation => 64 * 1024,
            Self::Template => 256 * 1024,
            Self::Tokenizer => 64 * 1024 * 1024,
            Self::Weights => 512 * 1024 * 1024,
            Self::Graph => i32::MAX as u32,
            Self::Data => u32::MAX,
        }
    }
}

/// Whether graphs may refer to a blob by this name: one plain file name, the same on every file system.
pub fn is_file_name(name: &str) -> bool {
    (1..=MAX_FILE_NAME_BYTES).contains(&name.len())
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

impl fmt::Display for BlobRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "config",
            Self::Tokenizer => "tokenizer",
            Self::Weights => "weights",
            Self::Graph => "graph",
            Self::Data => "data",
            Self::Template => "template",
            Self::Generation => "generation",
        })
    }
}

impl std::str::FromStr for BlobRole {
    type Err = PackError;

    /// # Errors
    /// [`PackError::FieldInvalid`] for anything but the names of [`BlobRole::ALL`].
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

impl std::str::FromStr for Sha256 {
    type Err = PackError;

    /// # Errors
    /// [`PackError::FieldInvalid`] for anything but 64 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, PackError> {
        let sum = parse_hex(text).map(Self);
        sum.ok_or(PackError::FieldInvalid { field: "sha256" })
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
        parse_hex(&text)
            .map(Sha256)
            .ok_or_else(|| de::Error::custom("not 64 lower-case hexadecimal digits"))
    }
}

/// 32 bytes from 64 lower-case hexadecimal digits.
pub(super) fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Some(bytes)
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
