//! Why the host could not be installed or removed.

use std::io;
use std::path::{Path, PathBuf};

use sotto_core::protocol::{Coded, ErrorCode};

use crate::models::ModelError;

/// Everything that can go wrong here.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Reading or writing a file of ours failed.
    #[error(transparent)]
    Store(#[from] ModelError),
    /// Browsers read UTF-8.
    #[error("{}: the path is not Unicode, so no browser could be told about it", path.display())]
    NotUnicode {
        /// The path.
        path: PathBuf,
    },
    /// Not the id of an extension.
    #[error("'{0}' is not the id of an extension")]
    ExtensionId(String),
    /// The journal cannot be understood, so nothing is known about what was written.
    #[error("{}: the list of what was installed is damaged", path.display())]
    Journal {
        /// Its file.
        path: PathBuf,
    },
    /// The registry refused.
    #[error("the registry key {key}: {reason}")]
    Registry {
        /// Which key, below the current user's.
        key: String,
        /// What the system says.
        reason: String,
    },
    /// No browser to install for.
    #[error("no browser was found: name one with --browser, or a profile with --profile")]
    NoBrowser,
}

impl InstallError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

impl Coded for InstallError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Store(error) => error.code(),
            Self::ExtensionId(_) | Self::NotUnicode { .. } | Self::NoBrowser => {
                ErrorCode::BadRequest
            }
            Self::File { .. } | Self::Journal { .. } | Self::Registry { .. } => ErrorCode::Internal,
        }
    }
}
