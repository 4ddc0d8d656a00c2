//! Errors as they travel: a closed code, a sentence for people, and whether trying again can help.

use serde::{Deserialize, Serialize};

/// Why a request or the engine failed. Closed: a new cause is a new variant here, never a free string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// The message was not one of the protocol, or a field was out of its range.
    BadRequest,
    /// Text or blob larger than the limit of its field.
    TooLarge,
    /// A newer request took this one's place, or the user went on.
    Cancelled,
    /// The engine is still loading.
    NotReady,
    /// The peer that should have answered is gone.
    PeerGone,
    /// Both sides speak different protocol versions.
    VersionMismatch,
    /// The pack's manifest is not valid JSON of a known format.
    PackManifestInvalid,
    /// The manifest's signature does not verify under a key compiled into this build.
    PackSignatureInvalid,
    /// A blob is missing from the pack.
    PackBlobMissing,
    /// A blob's length or SHA-256 is not the one in the signed manifest.
    PackBlobMismatch,
    /// The pack is older than one already accepted.
    PackRollback,
    /// `config.json` names an architecture that this build does not run.
    ModelArchitectureUnknown,
    /// A size in `config.json` is absent, zero, inconsistent or beyond the limits.
    ModelConfigInvalid,
    /// A tensor is missing, truncated, or of another shape or type than the config says.
    ModelWeightsInvalid,
    /// The tokenizer cannot be read or does not belong to this model.
    TokenizerInvalid,
    /// No backend passed its known-answer test.
    BackendUnavailable,
    /// The GPU device was lost or gave a validation error; nothing it produced was shown.
    DeviceLost,
    /// Memory ran out.
    OutOfMemory,
    /// The host is not installed, or the browser may not start it.
    HostMissing,
    /// The host does not serve this extension.
    OriginRefused,
    /// More requests at once than are served.
    Overloaded,
    /// No model is there for this.
    ModelMissing,
    /// ONNX Runtime is missing, or is not the library that this build was made for.
    RuntimeInvalid,
    /// The worker process ended in the middle: it crashed, was killed, or met its memory limit.
    WorkerLost,
    /// The user said no.
    ConsentDeclined,
    /// An answer to a question that was not asked, that is void, or about other bytes.
    ConsentInvalid,
    /// The permission was taken back.
    ConsentRevoked,
    /// The rules do not allow asking an endpoint for this.
    CloudForbidden,
    /// No endpoint is set up, or what is set up cannot be used.
    CloudNotConfigured,
    /// The endpoint's key is missing, locked or cannot be read.
    CloudKeyLocked,
    /// The requests that the user allows per minute or day are used up.
    CloudThrottled,
    /// The request could go beyond the user's spending cap.
    CloudBudgetSpent,
    /// The endpoint could not be reached.
    CloudUnreachable,
    /// The endpoint's certificate is not trusted.
    CloudTls,
    /// The endpoint was silent for too long.
    CloudTimeout,
    /// The endpoint sent us to another place; nobody went there.
    CloudRedirected,
    /// The endpoint does not accept the key.
    CloudUnauthorized,
    /// The endpoint wants fewer requests.
    CloudRateLimited,
    /// The endpoint refused the request.
    CloudRejected,
    /// The endpoint failed.
    CloudFailed,
    /// The endpoint answered in another form than the protocol's.
    CloudInvalid,
    /// The endpoint's answer is longer than Sotto takes.
    CloudTooLarge,
    /// The endpoint's answer broke off.
    CloudCut,
    /// The record of what is sent could not be written, so nothing was sent.
    AuditFailed,
    /// No source of updates is set up, or what is set up cannot be used.
    UpdateNotConfigured,
    /// The source of updates could not be reached, or lacks a file that it should have.
    UpdateUnavailable,
    /// Update metadata is not signed by enough of the keys that may sign it.
    UpdateSignatureInvalid,
    /// Update metadata has expired: somebody may be holding back newer ones, or the clock is wrong.
    UpdateExpired,
    /// Update metadata or a pack is older than one that was accepted before.
    UpdateRollback,
    /// Files of different releases are mixed, or a file is not the one that the metadata names.
    UpdateInconsistent,
    /// The source sends more than it may.
    UpdateTooLarge,
    /// The release offers another model under this name.
    UpdateWrongPack,
    /// The release asks for files that the model does not need.
    UpdateExtraneous,
    /// Update metadata or a patch cannot be understood.
    UpdateInvalid,
    /// The new model did not give its known answer; the one before stays in use.
    UpdateFailed,
    /// An adapter is damaged, was altered, or has a format that this build does not read.
    AdapterInvalid,
    /// An adapter was trained for another model than the one that runs.
    AdapterOtherModel,
    /// What is personal cannot be opened: the keyring is locked or absent, or the key is another one.
    PersonalLocked,
    /// A bug: the message says where, never what the user typed.
    Internal,
}

/// An error as data. `message` is for people and never holds page text, prompts or answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
#[error("{message} ({code:?})")]
pub struct WireError {
    /// What happened, from the closed set.
    pub code: ErrorCode,
    /// One sentence for the user, with what to do where there is something to do.
    pub message: String,
    /// Whether the same request may succeed if sent again.
    pub retryable: bool,
}

/// An error that can travel: every crate's error says which code it has.
pub trait Coded: std::error::Error {
    /// The code, from the closed set.
    fn code(&self) -> ErrorCode;
}

impl ErrorCode {
    /// Whether the same request may succeed if sent again, without anyone changing anything.
    pub fn retryable(self) -> bool {
        match self {
            Self::Cancelled
            | Self::NotReady
            | Self::PeerGone
            | Self::DeviceLost
            | Self::OutOfMemory
            | Self::Overloaded
            | Self::WorkerLost
            | Self::CloudThrottled
            | Self::CloudUnreachable
            | Self::CloudTimeout
            | Self::CloudRateLimited
            | Self::CloudFailed
            | Self::CloudCut
            | Self::UpdateUnavailable => true,
            Self::BadRequest
            | Self::TooLarge
            | Self::VersionMismatch
            | Self::PackManifestInvalid
            | Self::PackSignatureInvalid
            | Self::PackBlobMissing
            | Self::PackBlobMismatch
            | Self::PackRollback
            | Self::ModelArchitectureUnknown
            | Self::ModelConfigInvalid
            | Self::ModelWeightsInvalid
            | Self::TokenizerInvalid
            | Self::BackendUnavailable
            | Self::HostMissing
            | Self::OriginRefused
            | Self::ModelMissing
            | Self::RuntimeInvalid
            | Self::ConsentDeclined
            | Self::ConsentInvalid
            | Self::ConsentRevoked
            | Self::CloudForbidden
            | Self::CloudNotConfigured
            | Self::CloudKeyLocked
            | Self::CloudBudgetSpent
            | Self::CloudTls
            | Self::CloudRedirected
            | Self::CloudUnauthorized
            | Self::CloudRejected
            | Self::CloudInvalid
            | Self::CloudTooLarge
            | Self::AuditFailed
            | Self::UpdateNotConfigured
            | Self::UpdateSignatureInvalid
            | Self::UpdateExpired
            | Self::UpdateRollback
            | Self::UpdateInconsistent
            | Self::UpdateTooLarge
            | Self::UpdateWrongPack
            | Self::UpdateExtraneous
            | Self::UpdateInvalid
            | Self::UpdateFailed
            | Self::AdapterInvalid
            | Self::AdapterOtherModel
            | Self::PersonalLocked
            | Self::Internal => false,
        }
    }
}

impl WireError {
    /// `error` as it travels. Its message is taken as it is, so it must not hold page text.
    pub fn new(error: &impl Coded) -> Self {
        let code = error.code();
        Self {
            code,
            message: error.to_string(),
            retryable: code.retryable(),
        }
    }
}
