//! Why an adapter cannot be used. The base model works on without one.

use sotto_core::protocol::{Coded, ErrorCode};

/// What is wrong with an adapter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdapterError {
    /// Larger than any adapter of ours.
    #[error("The adapter has {bytes} bytes, more than this build reads.")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not a readable safetensors file, or its header lacks something.
    #[error("The adapter is damaged: {0}. Train it again, or import another copy.")]
    Malformed(&'static str),
    /// Another version of the format.
    #[error("The adapter has format {found}, this build reads format {expected}. Train it again.")]
    Format {
        /// What the file says.
        found: u32,
        /// What this build reads.
        expected: u32,
    },
    /// Trained for another model.
    #[error("The adapter was trained for another model than the one that runs. Train it again.")]
    OtherModel,
    /// A tensor is nobody's, incomplete, or of another shape or type.
    #[error("The adapter is damaged: tensor {name}: {problem}. Train it again.")]
    Tensor {
        /// Its name in the file, cut.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// This backend does not apply adapters.
    #[error("Adapters run on the CPU only; this model is on another device.")]
    Backend,
}

impl AdapterError {
    /// The name comes from the file: cut, so that a hostile header cannot fill a log.
    pub(super) fn tensor(name: &str, problem: &'static str) -> Self {
        Self::Tensor {
            name: name.chars().take(80).collect(),
            problem,
        }
    }
}

impl Coded for AdapterError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Malformed(_) | Self::Format { .. } | Self::Tensor { .. } => {
                ErrorCode::AdapterInvalid
            }
            Self::OtherModel => ErrorCode::AdapterOtherModel,
            Self::Backend => ErrorCode::BackendUnavailable,
        }
    }
}
