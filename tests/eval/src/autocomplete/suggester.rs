//! Anything that answers where the product would.

use futures_lite::future::block_on;
use sotto_core::autocomplete::{CompleteError, Completer, Suggestion};
use sotto_core::decode::{Decoder, Tokenizer};
use sotto_core::protocol::{FieldHints, MAX_AFTER_UTF16, MAX_BEFORE_UTF16};
use sotto_core::text::{head_utf16, tail_utf16};

use crate::error::EvalError;
use crate::world::World;

/// Makes suggestions.
pub(crate) trait Suggester {
    /// What is shown between `before` and `after`. Takes texts of any length, as the content script does: what is too far
    /// from the caret is left out.
    fn suggest_at(
        &mut self,
        before: &str,
        after: &str,
        field: FieldHints,
    ) -> Result<Suggestion, EvalError>;
}

/// The hot path itself: it keeps its KV cache from one keystroke to the next.
impl<D, T> Suggester for Completer<D, T>
where
    D: Decoder,
    T: Tokenizer,
    D::Error: std::error::Error + Send + Sync + 'static,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    fn suggest_at(
        &mut self,
        before: &str,
        after: &str,
        field: FieldHints,
    ) -> Result<Suggestion, EvalError> {
        let before = tail_utf16(before, MAX_BEFORE_UTF16 as usize);
        let after = head_utf16(after, MAX_AFTER_UTF16 as usize);
        let mut world = World::new();
        let suggestion = Completer::suggest(self, before, after, field, &mut world);
        block_on(suggestion)
            .map_err(|error: CompleteError<D::Error, T::Error>| EvalError::Suggest(error.into()))
    }
}
