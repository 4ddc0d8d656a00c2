//! Why nothing may be sent.

use crate::protocol::{Coded, ErrorCode};

/// Why a [`super::Ledger`] or a [`super::ConsentToken`] says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// The user said no.
    #[error("You chose not to send it.")]
    Declined,
    /// No such question is open: it was never asked, is answered already, or was taken back.
    #[error("There is no open question to answer. Nothing was sent.")]
    NotAsked,
    /// The answer names another question.
    #[error("The answer belongs to another question. Nothing was sent.")]
    WrongNonce,
    /// The question, the token or the permission is too old, or the clock was set back.
    #[error("The question was open for too long. Nothing was sent.")]
    Expired,
    /// What was shown is not what would be sent.
    #[error("What would be sent is not what was shown. Nothing was sent.")]
    PayloadDiffers,
    /// The endpoint was changed since.
    #[error("The endpoint is not the one that was shown. Nothing was sent.")]
    EndpointDiffers,
    /// A permission for a site where there is none, or for longer than allowed.
    #[error("A permission cannot be given for that. Nothing was sent.")]
    BadScope,
    /// The permission was taken back.
    #[error("You took the permission back.")]
    Revoked,
}

impl Coded for ConsentError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Declined => ErrorCode::ConsentDeclined,
            Self::Revoked => ErrorCode::ConsentRevoked,
            Self::NotAsked
            | Self::WrongNonce
            | Self::Expired
            | Self::PayloadDiffers
            | Self::EndpointDiffers
            | Self::BadScope => ErrorCode::ConsentInvalid,
        }
    }
}
