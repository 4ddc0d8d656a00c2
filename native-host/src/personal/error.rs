//! Why something personal cannot be had or done. Nothing is deleted by an error, and the model works on without an adapter.

use std::path::PathBuf;

use sotto_core::protocol::{Coded, ErrorCode};
use sotto_lm::LmError;

use super::vault::VaultError;
use crate::models::ModelError;
use crate::store::StoreError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum PersonalError {
    /// It was not switched on.
    #[error("Personalisation is off. Run: sotto-host personal on")]
    Off,
    /// The site is not one that the user named.
    #[error("Nothing is kept of this site. Name it first: sotto-host personal add-site SITE")]
    SiteNotNamed,
    /// The key.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A row that the key does not open: altered, or sealed with another key.
    #[error(
        "{what} does not open with this device's key: it was altered, or the key is another one. Nothing was deleted."
    )]
    Sealed {
        /// Which row.
        what: String,
    },
    /// No text or adapter of that name or number.
    #[error("There is no {what}.")]
    Missing {
        /// What was asked for.
        what: String,
    },
    /// A name, site, text or limit that cannot be used.
    #[error("{0}")]
    Input(&'static str),
    /// An exported file that does not open.
    #[error("{} does not open with this passphrase, or it is no exported adapter.", path.display())]
    Export {
        /// The file.
        path: PathBuf,
    },
    /// A file.
    #[error(transparent)]
    File(#[from] ModelError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The base model or the adapter.
    #[error(transparent)]
    Model(#[from] LmError),
    /// The process that trains.
    #[error("The training process ended: {why}. What was trained before is kept.")]
    Worker {
        /// Why, without any text of the user's.
        why: String,
    },
    /// The system gives no random numbers.
    #[error("The system gives no random numbers.")]
    Randomness,
}

impl Coded for PersonalError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Off | Self::SiteNotNamed | Self::Input(_) | Self::Missing { .. } => {
                ErrorCode::BadRequest
            }
            Self::Vault(_) => ErrorCode::PersonalLocked,
            Self::Sealed { .. } => ErrorCode::PersonalLocked,
            Self::Export { .. } => ErrorCode::AdapterInvalid,
            Self::File(error) => error.code(),
            Self::Store(_) | Self::Randomness => ErrorCode::Internal,
            Self::Model(error) => error.code(),
            Self::Worker { .. } => ErrorCode::WorkerLost,
        }
    }
}
