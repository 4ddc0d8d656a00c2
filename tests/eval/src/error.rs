//! What can go wrong, with the file that it went wrong with. Never carries text of a case.

use std::error::Error;
use std::path::PathBuf;

use sotto_core::pack::PackError;
use sotto_lm::LmError;
use sotto_tokenizer::TokenizerError;

/// Error of this tool.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvalError {
    #[error("{}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {bytes} bytes are too many", path.display())]
    FileTooLarge { path: PathBuf, bytes: u64 },
    #[error("{}: not UTF-8", path.display())]
    NotText { path: PathBuf },
    #[error("{} line {line}: not a case of this kind: {problem}", path.display())]
    Case {
        path: PathBuf,
        line: usize,
        problem: String,
    },
    #[error("{}: no case in it", path.display())]
    NoCases { path: PathBuf },
    #[error("{}: {problem}", path.display())]
    Tokens {
        path: PathBuf,
        problem: &'static str,
    },
    #[error("{}: no suggestion settings", path.display())]
    Settings {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{}: a suggestion setting is out of its range", path.display())]
    SettingsRange { path: PathBuf },
    #[error("{}: no result of this tool", path.display())]
    Result {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error(
        "the pack is not for the engine in the browser; measure the burn pack of the same model"
    )]
    PackRuntime,
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error("the model cannot be used")]
    Model(#[from] LmError),
    #[error("the tokenizer cannot be used")]
    Tokenizer(#[from] TokenizerError),
    #[error("the model does not give the pack's known answer on this machine")]
    KnownAnswer,
    #[error("no suggestion could be made")]
    Suggest(#[source] Box<dyn Error + Send + Sync>),
    #[error("no answer could be made")]
    Assist(#[source] Box<dyn Error + Send + Sync>),
    #[error("the stride must be between 1 and the context of {context}")]
    Stride { context: usize },
    #[error("the target must be between 0 and 1")]
    Target,
    #[error("the text has no {what} to make cases of")]
    TextTooSmall { what: &'static str },
    #[error("the author {name} has too little text: {tokens} tokens")]
    AuthorTooShort { name: String, tokens: usize },
    #[error("there is no adapter target of that name")]
    AdapterTarget,
    #[error("{leaks} planted secrets or words that are never suggested were shown")]
    Leak { leaks: usize },
    #[error("the figures cannot be written")]
    Json(#[source] serde_json::Error),
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
