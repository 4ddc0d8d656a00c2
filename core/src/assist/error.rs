//! Why there was no answer.

use crate::decode::DecodeError;
use crate::protocol::{Coded, ErrorCode};

/// Error of [`super::Assistant`], over the engine's (`D`), the tokenizer's (`T`) and the prompt format's (`F`). Never
/// carries text of the user.
#[derive(Debug, thiserror::Error)]
pub enum AssistError<D, T, F> {
    /// The engine failed; the cache was emptied.
    #[error("the language model failed")]
    Decoder(#[source] D),
    /// The tokenizer failed.
    #[error("the tokenizer failed")]
    Tokenizer(#[source] T),
    /// The model's prompt format cannot express a conversation. It was given placeholders, so this holds no text.
    #[error("the model's chat template failed")]
    Format(#[source] F),
    /// The prompt format left out what the user said.
    #[error("the model's chat template leaves out messages")]
    FormatLossy,
    /// The answer is no longer wanted.
    #[error("the answer was cancelled")]
    Cancelled,
    /// The engine gave logits of the wrong number, or none that is a number: a lost or broken device.
    #[error("the language model gave no usable answer")]
    Logits,
    /// The tokenizer has more tokens than the model.
    #[error("the tokenizer does not belong to this model")]
    Mismatch,
    /// The model's context has no room for a conversation.
    #[error("the model's context is too short for conversations")]
    ContextTooShort,
    /// There is nothing to answer or to summarise. [`super::check`] finds this first.
    #[error("there is no text to work on")]
    Empty,
}

/// The error of the assistant over these parts.
pub type AssistErrorOf<D, T, F> = AssistError<
    <D as crate::decode::Decoder>::Error,
    <T as crate::decode::Tokenizer>::Error,
    <F as super::PromptFormat>::Error,
>;

impl<D, T, F> From<DecodeError<D>> for AssistError<D, T, F> {
    fn from(error: DecodeError<D>) -> Self {
        match error {
            DecodeError::Cancelled => Self::Cancelled,
            DecodeError::Engine(error) => Self::Decoder(error),
            DecodeError::Logits => Self::Logits,
        }
    }
}

impl<D, T, F> Coded for AssistError<D, T, F>
where
    D: Coded + 'static,
    T: Coded + 'static,
    F: std::error::Error + 'static,
{
    fn code(&self) -> ErrorCode {
        match self {
            Self::Decoder(error) => error.code(),
            Self::Tokenizer(error) => error.code(),
            // A chat template is a part of the tokenizer's configuration.
            Self::Format(_) | Self::FormatLossy | Self::Mismatch => ErrorCode::TokenizerInvalid,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::Logits => ErrorCode::DeviceLost,
            Self::ContextTooShort => ErrorCode::ModelConfigInvalid,
            Self::Empty => ErrorCode::BadRequest,
        }
    }
}
