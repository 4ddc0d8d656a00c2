//! Hugging Face `tokenizer.json` behind `sotto_core`'s `Tokenizer`: byte-level BPE, as our own models have it, and
//! SentencePiece BPE with byte fallback, as imported ones may.
//!
//! What a person typed is text even where it looks like a special token. The names of special tokens are told to the
//! caller, who looks for them in the fixed parts of a prompt only.

mod alphabet;
mod error;
mod hf;

pub use error::TokenizerError;
pub use hf::{HfTokenizer, Vocabulary};
