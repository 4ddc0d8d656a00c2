//! Why a request ended without a decision.

use crate::protocol::{Coded, ErrorCode};

/// Error of [`super::Completer`], over the engine's (`D`) and the tokenizer's (`T`). Never carries text.
#[derive(Debug, thiserror::Error)]
pub enum CompleteError<D, T> {
    /// The engine failed; the cache was emptied.
    #[error("the language model failed")]
    Decoder(#[source] D),
    /// The tokenizer failed.
    #[error("the tokenizer failed")]
    Tokenizer(#[source] T),
    /// A newer request took this one's place.
    #[error("a newer request took this one's place")]
    Cancelled,
    /// Text before or after the caret is longer than the protocol allows.
    #[error("the text around the caret is longer than the limit")]
    TooLarge,
    /// The engine gave logits of the wrong number, or none that is a number: a lost or broken device.
    #[error("the language model gave no usable answer")]
    Logits,
    /// The tokenizer has more tokens than the model, or no end-of-text token.
    #[error("the tokenizer does not belong to this model")]
    Mismatch,
    /// A setting is out of its range, or the model's context is too short for any prompt.
    #[error("the model pack's suggestion settings do not fit the model")]
    Settings,
}

impl<D: Coded + 'static, T: Coded + 'static> Coded for CompleteError<D, T> {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Decoder(error) => error.code(),
            Self::Tokenizer(error) => error.code(),
            Self::Cancelled => ErrorCode::Cancelled,
            Self::TooLarge => ErrorCode::TooLarge,
            Self::Logits => ErrorCode::DeviceLost,
            Self::Mismatch => ErrorCode::TokenizerInvalid,
            Self::Settings => ErrorCode::PackManifestInvalid,
        }
    }
}
