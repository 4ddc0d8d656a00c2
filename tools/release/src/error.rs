//! What can go wrong, with the file that it went wrong with.

use std::path::{Path, PathBuf};

use sotto_core::pack::PackError;
use sotto_patch::PatchError;

/// Error of this tool.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a key.
    #[error("{}: no ed25519 seed of 64 hexadecimal digits", path.display())]
    KeyMalformed {
        /// Its file.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random numbers")]
    Randomness,
    /// Not what TUF metadata looks like.
    #[error("{}: not TUF metadata of the expected kind", path.display())]
    Metadata {
        /// Its file.
        path: PathBuf,
    },
    /// Metadata cannot be written as JSON.
    #[error("the metadata cannot be written as JSON")]
    Json(#[source] serde_json::Error),
    /// The pack cannot be released.
    #[error("{}: {source}", path.display())]
    Pack {
        /// Its folder.
        path: PathBuf,
        /// Why.
        source: PackError,
    },
    /// A patch cannot be made.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// A version that is not newer than the last one.
    #[error("{name} version {found} is not newer than version {last} of the last release")]
    NotNewer {
        /// The pack.
        name: String,
        /// Its version.
        found: u32,
        /// That of the last release.
        last: u32,
    },
    /// Too few keys for a role.
    #[error("{role}: {given} keys are given, {needed} are needed")]
    TooFewKeys {
        /// Which role.
        role: &'static str,
        /// Keys of the role that are here.
        given: usize,
        /// Its threshold.
        needed: u64,
    },
    /// A name of tough's that is none.
    #[error("{0} cannot be the name of a file")]
    Name(String),
}

impl ReleaseError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(crate) fn pack(path: &Path) -> impl FnOnce(PackError) -> Self {
        let path = path.to_owned();
        move |source| Self::Pack { path, source }
    }
}
