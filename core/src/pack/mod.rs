//! Model packs: a signed manifest plus content-addressed blobs, checked before a byte is used.
//!
//! On disk a pack is `manifest.json`, `manifest.sig` and `blobs/<sha256 hex>`; reading them is the caller's work. The
//! order is fixed: signature over the raw manifest bytes, then their meaning, then rollback, then each blob's length and
//! SHA-256. **A [`VerifiedManifest`] and a [`VerifiedBlob`] can only be made by these checks**, so code that takes them
//! needs no check of its own.

mod blob;
mod error;
mod in_place;
mod intake;
mod keys;
mod manifest;
mod onnx;
mod verify;

pub use blob::{Blob, BlobRole, Sha256, is_file_name};
pub use error::PackError;
pub use in_place::{BlobBytes, VerifiedInPlace};
pub use intake::{BlobIntake, INTAKE_BYTES};
pub use keys::{NotAKey, PublicKey, trusted_keys};
pub use manifest::{
    FORMAT, KnownAnswer, MAX_CONTEXT_TOKENS, MAX_KNOWN_ANSWER_IDS, MAX_MANIFEST_BYTES, Manifest,
    Quantization,
};
pub use onnx::{
    Assist, Graph, GraphDevice, GraphShape, MAX_DATA_FILES, MAX_GRAPHS, MAX_STATIC_TOKENS,
    Precision, Runtime,
};
pub use verify::{BlobSet, VerifiedBlob, VerifiedManifest, sha256, signed_bytes, verify_manifest};

#[cfg(test)]
mod tests;
