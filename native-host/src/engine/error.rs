//! Why an engine could not be made or failed. No variant carries text of a user, a page or a model.

use std::path::PathBuf;

use sotto_core::protocol::{Coded, ErrorCode};
use sotto_tokenizer::TokenizerError;

use crate::models::ModelError;

/// Everything that can go wrong in this module.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The ONNX Runtime library is not where it belongs.
    #[error("ONNX Runtime is missing: {path} is not there; run the set-up again", path = .0.display())]
    RuntimeMissing(PathBuf),
    /// A library is there, but not the one that this build was made for.
    #[error("{path} is not a library that this build knows", path = .0.display())]
    LibraryUnknown(PathBuf),
    /// ONNX Runtime could not be started.
    #[error("ONNX Runtime could not be started")]
    Start(#[source] ort::LoadDynamicError),
    /// ONNX Runtime refused something.
    #[error("ONNX Runtime: {step} failed")]
    Ort {
        /// What was being done.
        step: &'static str,
        /// Its own words. They may name files and operators, never text; kept as a source all the same.
        #[source]
        source: ort::Error,
    },
    /// The graph's inputs or outputs are not of a shape that we can feed.
    #[error("the model's graph: {0}")]
    Graph(&'static str),
    /// The pack has no graph for this device.
    #[error("the model has no graph for {0}")]
    NoGraph(&'static str),
    /// The model's files cannot be read or do not verify.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The tokenizer cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The graph gave other tokens than the signed manifest says.
    #[error("wrong tokens in the known-answer test")]
    WrongAnswer,
    /// More tokens than the KV cache holds.
    #[error("{needed} tokens do not fit into a cache of {capacity}")]
    CacheFull {
        /// Tokens that the cache would have had to hold.
        needed: usize,
        /// Tokens that it can hold.
        capacity: usize,
    },
}

impl EngineError {
    /// For `map_err`: what was being done when ONNX Runtime refused.
    pub(crate) fn ort(step: &'static str) -> impl FnOnce(ort::Error) -> Self {
        move |source| Self::Ort { step, source }
    }

    /// As [`Self::ort`], for the errors of session builders.
    pub(crate) fn build<T>(step: &'static str) -> impl FnOnce(ort::Error<T>) -> Self
    where
        ort::Error: From<ort::Error<T>>,
    {
        move |source| Self::Ort {
            step,
            source: source.into(),
        }
    }

    /// Whether memory ran out, as far as ONNX Runtime's words tell.
    fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Ort { source, .. }
            if source.message().contains("bad_alloc") || source.message().contains("Failed to allocate memory"))
    }
}

impl Coded for EngineError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::RuntimeMissing(_) | Self::LibraryUnknown(_) | Self::Start(_) => {
                ErrorCode::RuntimeInvalid
            }
            error @ Self::Ort { .. } if error.is_out_of_memory() => ErrorCode::OutOfMemory,
            Self::Ort { .. } | Self::WrongAnswer => ErrorCode::BackendUnavailable,
            Self::Graph(_) | Self::NoGraph(_) => ErrorCode::ModelArchitectureUnknown,
            Self::Model(error) => error.code(),
            Self::Tokenizer(error) => error.code(),
            Self::CacheFull { .. } => ErrorCode::TooLarge,
        }
    }
}
