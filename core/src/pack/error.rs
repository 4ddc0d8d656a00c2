//! What can be wrong with a pack. Never carries bytes of it, only what the manifest's own limits allow.

use super::BlobRole;
use crate::protocol::{Coded, ErrorCode};

/// Why a pack was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The manifest is larger than any real one.
    #[error("the model pack's manifest is too large ({size_bytes} bytes)")]
    ManifestTooLarge {
        /// Its length.
        size_bytes: usize,
    },
    /// No trusted key made this signature over these bytes, or the signature is malformed.
    #[error("the model pack is not signed by a key that this build trusts")]
    Signature,
    /// Not JSON, or not with the fields of a manifest.
    #[error("the model pack's manifest is malformed at line {line}, column {column}")]
    ManifestMalformed {
        /// Line of the first fault, from 1.
        line: usize,
        /// Column of the first fault.
        column: usize,
    },
    /// Written for another version of the format.
    #[error(
        "the model pack has format {found}, this build reads format {}",
        super::FORMAT
    )]
    FormatUnknown {
        /// The manifest's `format`.
        found: u32,
    },
    /// A field is out of its range.
    #[error("the model pack's manifest has an invalid `{field}`")]
    FieldInvalid {
        /// JSON name of the field.
        field: &'static str,
    },
    /// The manifest names a role twice.
    #[error("the model pack names its {0} twice")]
    RoleDuplicate(BlobRole),
    /// The manifest or the pack lacks a blob.
    #[error("the model pack has no {0}")]
    BlobMissing(BlobRole),
    /// A blob is shorter or longer than the manifest says.
    #[error("the model pack's {role} has {found_bytes} bytes instead of {expected_bytes}")]
    BlobLength {
        /// Which blob.
        role: BlobRole,
        /// Length in the manifest.
        expected_bytes: u32,
        /// Length found.
        found_bytes: usize,
    },
    /// A blob's SHA-256 is not the one in the manifest.
    #[error("the model pack's {0} was altered: its SHA-256 is not the signed one")]
    BlobHash(BlobRole),
    /// Older than a version that was accepted before.
    #[error("the model pack has version {found}, but version {minimum} was accepted before")]
    Rollback {
        /// The manifest's `version`.
        found: u32,
        /// Oldest version that is still accepted.
        minimum: u32,
    },
}

impl Coded for PackError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Signature => ErrorCode::PackSignatureInvalid,
            Self::ManifestTooLarge { .. }
            | Self::ManifestMalformed { .. }
            | Self::FormatUnknown { .. }
            | Self::FieldInvalid { .. }
            | Self::RoleDuplicate(_) => ErrorCode::PackManifestInvalid,
            Self::BlobMissing(_) => ErrorCode::PackBlobMissing,
            Self::BlobLength { .. } | Self::BlobHash(_) => ErrorCode::PackBlobMismatch,
            Self::Rollback { .. } => ErrorCode::PackRollback,
        }
    }
}
