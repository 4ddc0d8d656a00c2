//! Why a tokenizer cannot be used. No variant carries text that was to be encoded.

use sotto_core::protocol::{Coded, ErrorCode};

/// Everything that can go wrong in this crate.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// `tokenizer.json` cannot be read.
    #[error("tokenizer.json cannot be read")]
    Syntax(#[source] tokenizers::Error),
    /// The tokenizer is of another kind, or does not belong to this model.
    #[error("tokenizer.json: {0}")]
    Unfit(&'static str),
    /// The tokenizer failed on a text. The cause is dropped on purpose: it may quote the text.
    #[error("the tokenizer failed on a text")]
    Encode,
}

impl Coded for TokenizerError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Syntax(_) | Self::Unfit(_) => ErrorCode::TokenizerInvalid,
            Self::Encode => ErrorCode::Internal,
        }
    }
}
