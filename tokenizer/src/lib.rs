//! Hugging Face `tokenizer.json` behind `sotto_core`'s `Tokenizer`: byte-level BPE, as our own models have it, and
//! SentencePiece BPE with byte fallback, as imported ones may.
//!
//! What a person typed is text even where it looks like a special token: only [`HfTokenizer::encode_control`], for the
//! fixed parts of a chat template, knows special tokens by name.

mod alphabet;
mod error;
mod hf;

pub use error::TokenizerError;
pub use hf::{HfTokenizer, Vocabulary};
