//! What can be wrong with a patch.

use sotto_core::protocol::{Coded, ErrorCode};

/// Why a patch was not made or applied.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// Not a patch of this format.
    #[error("the patch is malformed: {0}")]
    Malformed(&'static str),
    /// Made for another old blob.
    #[error("the patch is for another file than the one that is here")]
    OtherBase,
    /// It says that it makes something else than what is wanted.
    #[error("the patch makes another file than the one that is wanted")]
    OtherOutput,
    /// It unpacks to more than the signed manifest says.
    #[error("the patch unpacks to more than the {allowed_bytes} bytes that are signed")]
    Bomb {
        /// What the manifest says, in bytes.
        allowed_bytes: u32,
    },
    /// Its result is not what the signed manifest says.
    #[error("the patch gives a file whose SHA-256 is not the signed one")]
    WrongResult,
    /// Too large for patching.
    #[error("files of more than {} bytes are not patched", super::MAX_BLOB_BYTES)]
    TooLarge,
    /// The compressor refused.
    #[error("the compressor failed")]
    Compressor(#[source] std::io::Error),
}

impl Coded for PatchError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed(_) => ErrorCode::UpdateInvalid,
            Self::OtherBase | Self::OtherOutput | Self::WrongResult => {
                ErrorCode::UpdateInconsistent
            }
            Self::Bomb { .. } | Self::TooLarge => ErrorCode::UpdateTooLarge,
            Self::Compressor(_) => ErrorCode::Internal,
        }
    }
}
