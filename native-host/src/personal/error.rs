//! Why something personal cannot be had or done. Nothing is deleted by an error, and the model works on without an adapter.

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
    /// An exported file and another passphrase.
    #[error("The file does not open with this passphrase.")]
    WrongPassphrase,
    /// What is no exported file, or is not what it was any more.
    #[error("The file is damaged, was altered, or is no export of adapters or texts.")]
    Export,
    /// An adapter for another model.
    #[error(
        "The adapter in this file was trained for another version of the model than the one of this device, so it is not taken."
    )]
    OtherModel,
    /// The model that adapters would be for is not here.
    #[error(
        "This browser uses version {version} of the model, which the host does not have, so it cannot learn for it. Update the host, or the browser's model."
    )]
    NoBase {
        /// The version.
        version: u32,
    },
    /// More than is taken.
    #[error("The file is larger than any export ({max_mib} MiB).")]
    TooLarge {
        /// The limit.
        max_mib: u32,
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
            Self::WrongPassphrase => ErrorCode::PersonalLocked,
            Self::Export => ErrorCode::AdapterInvalid,
            Self::OtherModel => ErrorCode::AdapterOtherModel,
            Self::NoBase { .. } => ErrorCode::ModelMissing,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::File(error) => error.code(),
            Self::Store(_) | Self::Randomness => ErrorCode::Internal,
            Self::Model(error) => error.code(),
            Self::Worker { .. } => ErrorCode::WorkerLost,
        }
    }
}
