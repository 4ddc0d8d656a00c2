//! A newer model for the browser: from the host, which fetched it, to the extension, which has no network. First what there
//! is, then its files in numbered chunks, each with its hash. **None of this is believed**: the extension verifies the
//! manifest before it asks for a file, every chunk when it comes, and every file whole before it is used.

use serde::{Deserialize, Serialize};

/// Bytes of a file in one chunk; as base64 with what is around it, it fits [`super::MAX_FRAME_BYTES`]. The last chunk of a
/// file is shorter.
pub const PACK_CHUNK_BYTES: u32 = 512 * 1024;

/// The newest model that a host has for the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct PackOffer {
    /// Its version.
    pub version: u32,
    /// Its `manifest.json`, as it was signed.
    pub manifest: String,
    /// Its `manifest.sig`, in hexadecimal digits.
    pub signature: String,
}

/// One chunk of one file of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct PackPart {
    /// Version of the pack that was offered.
    pub version: u32,
    /// SHA-256 of the file, as the manifest names it.
    pub file: String,
    /// Which chunk, from 0.
    pub index: u32,
}

/// The bytes of one chunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct PackChunk {
    /// Which chunk, from 0.
    pub index: u32,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Its bytes, as base64 with padding.
    pub data: String,
}
