//! Why there is no update. One message for each of the attacks that TUF's specification lists (section 1.5.2), so that a user
//! and whoever runs the source can tell them apart. None holds text of a file that was fetched.

use std::path::{Path, PathBuf};

use sotto_core::pack::PackError;
use sotto_core::protocol::{Coded, ErrorCode};
use sotto_patch::PatchError;

use crate::models::ModelError;

/// Why an update was refused or could not be made.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// No source was named.
    #[error("no source of updates is set up: 'sotto-host update source URL' names one")]
    NoSource,
    /// The source cannot be used.
    #[error("the source of updates {0}")]
    SourceUnusable(&'static str),
    /// There is no root of trust.
    #[error(
        "this build has no root of trust compiled in: name one with 'sotto-host update source URL --root FILE', and get the file from somebody you trust, not from the source"
    )]
    NoRoot,
    /// The root of trust is none.
    #[error("{}: not a TUF root that is signed by enough of its own keys", path.display())]
    RootInvalid {
        /// Its file.
        path: PathBuf,
    },
    /// The source cannot be reached.
    #[error("the source of updates cannot be reached: {file}")]
    Unreachable {
        /// Name of the file that was asked for.
        file: String,
        /// Why, without the address.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A file is not there.
    #[error(
        "the source of updates has no {file}: it is incomplete, or is being changed; try again later"
    )]
    Missing {
        /// Its name.
        file: String,
    },
    /// Arbitrary software; a key below the threshold.
    #[error(
        "the {role} metadata is signed by {valid} of the {threshold} keys that it needs: somebody else's files, or stolen keys that are too few"
    )]
    Signature {
        /// Which role.
        role: String,
        /// Good signatures.
        valid: u64,
        /// Those that it needs.
        threshold: u64,
    },
    /// Indefinite freeze.
    #[error(
        "the {role} metadata has expired: the source may be holding back newer ones, or this device's clock is wrong"
    )]
    Expired {
        /// Which role.
        role: String,
    },
    /// The clock went back, which would make what has expired look fresh.
    #[error(
        "this device's clock is behind the time of the last update: set it right, or remove {} if it was wrong then", path.display()
    )]
    ClockWentBack {
        /// The file with that time.
        path: PathBuf,
    },
    /// Rollback of metadata.
    #[error(
        "the {role} metadata is older than what was accepted before: an old release is offered as new"
    )]
    Rollback {
        /// Which role.
        role: String,
    },
    /// Rollback of a pack that everything signed.
    #[error("{name} version {found} is older than version {newest}, which was here before")]
    PackRollback {
        /// The pack.
        name: String,
        /// What is offered.
        found: u32,
        /// The newest that was accepted.
        newest: u32,
    },
    /// Mix-and-match; a mirror that changes files.
    #[error(
        "{file} is not the one that the release names: files of different releases are mixed, or it was changed"
    )]
    Mixed {
        /// Its name, or the role.
        file: String,
    },
    /// Endless data.
    #[error("{file} does not end after {limit_bytes} bytes, where it should: fetching was stopped")]
    Endless {
        /// Its name.
        file: String,
        /// Most that it may have.
        limit_bytes: u64,
    },
    /// Wrong software.
    #[error("the release offers another model as {wanted}")]
    WrongPack {
        /// The pack that was asked for.
        wanted: String,
    },
    /// Extraneous dependencies.
    #[error(
        "the release says that {name} needs files which its signed manifest does not name: {count} of them"
    )]
    Extraneous {
        /// The pack.
        name: String,
        /// How many.
        count: usize,
    },
    /// Not what TUF metadata looks like.
    #[error("the {role} metadata cannot be understood")]
    Malformed {
        /// Which role.
        role: String,
    },
    /// The pack is not signed by a key of ours, or not what a manifest looks like.
    #[error("{name}: {source}")]
    Pack {
        /// The pack.
        name: String,
        /// Why.
        #[source]
        source: PackError,
    },
    /// A patch did not fit and there is no whole file.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The plan is older than the metadata that it was made from may get.
    #[error("what was found has expired since: check again")]
    PlanExpired,
    /// Something changed between the check and the update.
    #[error("the models on this device changed since the check: check again")]
    PlanOutdated,
    /// The new model is broken.
    #[error("{name} version {version} did not pass its known-answer test ({why}); {kept}")]
    Broken {
        /// The pack.
        name: String,
        /// Its version.
        version: u32,
        /// Why, as a sentence.
        why: String,
        /// What answers now.
        kept: String,
    },
    /// The new model could not be tried, which says nothing about it.
    #[error("{name} version {version} is here but could not be tried ({why}); {kept}")]
    Untried {
        /// The pack.
        name: String,
        /// Its version.
        version: u32,
        /// Why, as a sentence.
        why: String,
        /// What answers now.
        kept: String,
    },
    /// A version that was refused or rolled back on this device is not tried again by itself.
    #[error("{name} version {version} was refused here before ({why}); --retry tries it again")]
    RefusedBefore {
        /// The pack.
        name: String,
        /// Its version.
        version: u32,
        /// Why, as a sentence.
        why: String,
    },
    /// There is nothing to go back to.
    #[error("{0} was not updated on this device: there is no version to go back to")]
    NoPrevious(String),
    /// Nobody said yes.
    #[error("nothing was fetched")]
    Declined,
    /// Nobody could be asked.
    #[error("nobody can be asked without a terminal: look at the sizes above and add --yes")]
    NoTerminal,
    /// Stopped by whoever watches.
    #[error("stopped; what was fetched is kept, and the next update goes on from there")]
    Stopped,
    /// The models' folder.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Only after a bug.
    #[error("{0}")]
    Internal(&'static str),
}

impl UpdateError {
    /// An error of the file system.
    pub(super) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let model = ModelError::file(path);
        move |source| Self::Model(model(source))
    }
}

impl Coded for UpdateError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoSource | Self::SourceUnusable(_) | Self::NoRoot | Self::RootInvalid { .. } => {
                ErrorCode::UpdateNotConfigured
            }
            Self::Unreachable { .. } | Self::Missing { .. } => ErrorCode::UpdateUnavailable,
            Self::Signature { .. } => ErrorCode::UpdateSignatureInvalid,
            Self::Expired { .. } | Self::ClockWentBack { .. } | Self::PlanExpired => {
                ErrorCode::UpdateExpired
            }
            Self::Rollback { .. } | Self::PackRollback { .. } => ErrorCode::UpdateRollback,
            Self::Mixed { .. } => ErrorCode::UpdateInconsistent,
            Self::Endless { .. } => ErrorCode::UpdateTooLarge,
            Self::WrongPack { .. } => ErrorCode::UpdateWrongPack,
            Self::Extraneous { .. } => ErrorCode::UpdateExtraneous,
            Self::Malformed { .. } => ErrorCode::UpdateInvalid,
            Self::Pack { source, .. } => source.code(),
            Self::Patch(error) => error.code(),
            Self::Broken { .. } | Self::Untried { .. } => ErrorCode::UpdateFailed,
            Self::PlanOutdated
            | Self::RefusedBefore { .. }
            | Self::NoPrevious(_)
            | Self::Declined
            | Self::NoTerminal => ErrorCode::BadRequest,
            Self::Stopped => ErrorCode::Cancelled,
            Self::Model(error) => error.code(),
            Self::Internal(_) => ErrorCode::Internal,
        }
    }
}
