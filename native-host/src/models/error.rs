//! What can be wrong with a model or its place. Paths are those that the user named or that we made; never text.

use std::io;
use std::path::{Path, PathBuf};

use sotto_core::pack::PackError;
use sotto_core::protocol::{Coded, ErrorCode};
use sotto_tokenizer::TokenizerError;

/// Why a model cannot be imported, found or loaded.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No room left; nothing was kept of what was being written.
    #[error("{}: the disk is full", path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// A file that a model needs is not in its folder.
    #[error("{}: there is no {what} here", folder.display())]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
        /// What is missing, for people.
        what: &'static str,
    },
    /// A link, device or folder where a plain file belongs.
    #[error("{}: not a plain file", path.display())]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// A file of a model was verified, and changed while the model is in use.
    #[error("{}: changed while it is in use", path.display())]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// Larger than any real one, or than a pack can name.
    #[error("{}: {bytes} bytes are too many", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// A graph cannot be read or refers to what is not there.
    #[error("{}: {reason}", path.display())]
    Graph {
        /// Which graph or data file.
        path: PathBuf,
        /// What is wrong, for people.
        reason: &'static str,
    },
    /// A graph whose inputs and outputs are not those of a decoder that can be fed here.
    #[error("{}: {reason}", path.display())]
    Shape {
        /// Which graph.
        path: PathBuf,
        /// What is wrong, for people.
        reason: &'static str,
    },
    /// `config.json` is not that of a decoder.
    #[error("config.json: {0}")]
    Config(&'static str),
    /// `pack.json` does not describe the graphs beside it.
    #[error("pack.json: {0}")]
    Description(&'static str),
    /// The tokenizer does not fit.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The chat template cannot be used.
    #[error("the chat template {0}")]
    Template(&'static str),
    /// The name cannot be used.
    #[error("'{0}' is not a name for a model: use a-z, 0-9 and '-', at most 64 of them")]
    Name(String),
    /// Another model has the name.
    #[error("a model named '{0}' is there already: remove it first, or import with --name")]
    NameTaken(String),
    /// No such model.
    #[error("there is no model named '{0}': 'sotto-host model list' shows those that are there")]
    Unknown(String),
    /// It came with the program.
    #[error("'{0}' came with Sotto and goes with it: it cannot be removed alone")]
    Shipped(String),
    /// No model at all.
    #[error("no model is installed")]
    NoneInstalled,
    /// A shipped pack without a self-test, or one for another engine.
    #[error("{}: not a pack for this program", path.display())]
    WrongPack {
        /// Its folder.
        path: PathBuf,
    },
    /// The pack did not verify.
    #[error("{}: {source}", path.display())]
    Pack {
        /// Its folder.
        path: PathBuf,
        /// Why.
        source: PackError,
    },
    /// This device's key is damaged or missing.
    #[error("{}: this device's key is damaged; imported models must be imported again ('sotto-host model remove', then 'import')", path.display())]
    DeviceKey {
        /// Its file.
        path: PathBuf,
    },
    /// A file of an execution provider changed since it was added.
    #[error(
        "the execution provider {name} is not the one that was added; if you updated it, add it again ('sotto-host provider add')"
    )]
    ProviderChanged {
        /// Its name.
        name: String,
    },
    /// No execution provider of this name was added.
    #[error("no execution provider named {0} was added; see 'sotto-host provider list'")]
    ProviderUnknown(String),
    /// No home directory.
    #[error("there is no home directory: set SOTTO_HOME")]
    NoHome,
    /// The system gave no random bytes.
    #[error("the system gives no random numbers")]
    Randomness,
    /// Another `sotto-host` is changing the models.
    #[error("another sotto-host is changing the models: try again when it is done")]
    Busy,
    /// Nobody said yes.
    #[error("nothing was imported")]
    Declined,
    /// Nobody could be asked.
    #[error("nobody can be asked without a terminal: read the list above and add --yes")]
    NoTerminal,
    /// Only after a bug.
    #[error("{0}")]
    Internal(&'static str),
}

impl ModelError {
    /// An error of the file system, with a full disk told apart.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::File { path, source },
        }
    }

    /// An error of the pack in `path`.
    pub(crate) fn pack(path: &Path) -> impl FnOnce(PackError) -> Self {
        let path = path.to_owned();
        move |source| Self::Pack { path, source }
    }
}

impl Coded for ModelError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Missing { .. } | Self::Unknown(_) | Self::NoneInstalled => {
                ErrorCode::ModelMissing
            }
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Changed { .. } => ErrorCode::PackBlobMismatch,
            Self::Graph { .. } | Self::Shape { .. } | Self::NotAFile { .. } => {
                ErrorCode::ModelWeightsInvalid
            }
            Self::Config(_) | Self::Description(_) | Self::Template(_) => {
                ErrorCode::ModelConfigInvalid
            }
            Self::Tokenizer(error) => error.code(),
            Self::ProviderChanged { .. } => ErrorCode::RuntimeInvalid,
            Self::Name(_)
            | Self::ProviderUnknown(_)
            | Self::NameTaken(_)
            | Self::Shipped(_)
            | Self::Declined
            | Self::NoTerminal => ErrorCode::BadRequest,
            Self::WrongPack { .. } => ErrorCode::PackManifestInvalid,
            Self::Pack { source, .. } => source.code(),
            Self::DeviceKey { .. } => ErrorCode::PackSignatureInvalid,
            Self::Busy => ErrorCode::Overloaded,
            Self::File { .. }
            | Self::DiskFull { .. }
            | Self::NoHome
            | Self::Randomness
            | Self::Internal(_) => ErrorCode::Internal,
        }
    }
}
