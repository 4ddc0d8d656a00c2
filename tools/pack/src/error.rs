//! What can go wrong, with the file that it went wrong with.

use std::error::Error;
use std::path::PathBuf;

use sotto_core::decode::DecodeError;
use sotto_core::pack::PackError;
use sotto_lm::LmError;

/// Error of this tool.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error("{}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {bytes} bytes are too many", path.display())]
    FileTooLarge { path: PathBuf, bytes: u64 },
    #[error("{}: does not belong to the pack", path.display())]
    FileUnexpected { path: PathBuf },
    #[error("{}: is no pack, so it is not replaced", path.display())]
    NotAPack { path: PathBuf },
    #[error("{}: no ed25519 seed of 64 hexadecimal digits", path.display())]
    KeyMalformed { path: PathBuf },
    #[error("no randomness from the system")]
    Randomness(#[source] getrandom::Error),
    #[error("{}: no `suggestion` object", path.display())]
    Suggestion {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{}: not what a description of the graphs looks like", path.display())]
    Description {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{}: not a name that a graph can refer to", path.display())]
    FileName { path: PathBuf },
    #[error("the pack has no known answer, so it cannot ship")]
    KnownAnswerMissing,
    #[error("{}: no length of context", path.display())]
    ContextMissing { path: PathBuf },
    #[error("the manifest cannot be written")]
    ManifestJson(#[source] serde_json::Error),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error("the model cannot be loaded")]
    Model(#[source] LmError),
    #[error("the model failed on the known answer")]
    Decode(#[source] LmError),
    #[error("the model gave no usable logits on the known answer")]
    Logits,
    #[error("no text gives a known answer that is sure enough: the model is untrained")]
    NoKnownAnswer,
    #[error("the model does not give the known answer: {found:?} instead of {expected:?}")]
    KnownAnswer { expected: Vec<u32>, found: Vec<u32> },
    #[error("the manifest says {manifest} {what}, the model has {model}")]
    Contradiction {
        what: &'static str,
        manifest: u32,
        model: u32,
    },
}

impl From<DecodeError<LmError>> for ToolError {
    fn from(error: DecodeError<LmError>) -> Self {
        match error {
            DecodeError::Engine(error) => Self::Decode(error),
            DecodeError::Logits | DecodeError::Cancelled => Self::Logits,
        }
    }
}

/// The error and what caused it, in one line.
pub(crate) fn with_sources(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line += &format!(": {cause}");
        source = cause.source();
    }
    line
}
