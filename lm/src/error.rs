//! Why a model could not be loaded or run. No variant ever carries text that a user typed or a model wrote.

use sotto_core::autocomplete::CompleteError;
use sotto_core::protocol::{Coded, ErrorCode};
use sotto_tokenizer::TokenizerError;

use crate::AdapterError;

/// Everything that can go wrong in this crate.
#[derive(Debug, thiserror::Error)]
pub enum LmError {
    /// `config.json` is not JSON of the expected form.
    #[error("config.json cannot be read")]
    ConfigSyntax(#[source] serde_json::Error),
    /// `config.json` describes another kind of model.
    #[error("unsupported architecture: {0}")]
    Architecture(&'static str),
    /// A size in `config.json` is absent, zero, inconsistent or beyond the limits.
    #[error("config.json: {0}")]
    Config(&'static str),
    /// The weights file is not a readable safetensors file.
    #[error("the weights file cannot be read")]
    WeightsSyntax(#[source] safetensors::SafeTensorError),
    /// A tensor is missing, of another shape or type than the config says, or nobody's.
    #[error("weights: tensor {name}: {problem}")]
    Tensor {
        /// The tensor's name in the file.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The tokenizer cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The adapter cannot be used. The model is as it was before.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// More tokens than the KV cache holds.
    #[error("{needed} tokens do not fit into a cache of {capacity}")]
    CacheFull {
        /// Tokens that the cache would have had to hold.
        needed: usize,
        /// Tokens that it can hold.
        capacity: usize,
    },
    /// A call with no token, or with one beyond the vocabulary.
    #[error("{0}")]
    Input(&'static str),
    /// This machine or browser gives no WebGPU device.
    #[error("no WebGPU device: {0}")]
    NoDevice(String),
    /// The device failed while computing.
    #[error("the device failed while computing: {0}")]
    Device(String),
    /// Memory ran out.
    #[error("not enough memory for the model")]
    OutOfMemory,
    /// The parts were read, but do not make a completer.
    #[error("the parts of the model do not fit together")]
    Completer(#[source] Box<CompleteError<LmError, TokenizerError>>),
}

impl Coded for LmError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Architecture(_) => ErrorCode::ModelArchitectureUnknown,
            Self::ConfigSyntax(_) | Self::Config(_) => ErrorCode::ModelConfigInvalid,
            Self::WeightsSyntax(_) | Self::Tensor { .. } => ErrorCode::ModelWeightsInvalid,
            Self::Tokenizer(error) => error.code(),
            Self::Adapter(error) => error.code(),
            Self::NoDevice(_) => ErrorCode::BackendUnavailable,
            Self::Device(_) => ErrorCode::DeviceLost,
            Self::OutOfMemory => ErrorCode::OutOfMemory,
            Self::Completer(error) => error.code(),
            Self::CacheFull { .. } => ErrorCode::TooLarge,
            Self::Input(_) => ErrorCode::Internal,
        }
    }
}
