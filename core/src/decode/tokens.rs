//! What the decode rules need of a tokenizer.

/// A byte-level tokenizer: every token stands for a fixed sequence of bytes, which need not be whole characters.
pub trait Tokenizer {
    /// The tokenizer's error. Never carries text.
    type Error;

    /// Number of tokens, special ones included.
    fn vocab_size(&self) -> usize;

    /// Token ids of `text`, without special tokens added, and without reading any: what a user or a page wrote is text,
    /// even where it looks like a special token.
    ///
    /// # Errors
    /// The tokenizer's own.
    fn encode(&self, text: &str) -> Result<Vec<u32>, Self::Error>;

    /// The bytes that `token` stands for; empty for special tokens and for ids beyond the vocabulary.
    fn token_bytes(&self, token: u32) -> &[u8];

    /// The token that separates documents. It starts every prompt and ends every text.
    fn end_of_text(&self) -> u32;

    /// The special tokens by the names that prompt formats write, for the parts of a prompt that are the format's own.
    /// None unless the implementation says so: then such names are encoded like any text.
    fn special_tokens(&self) -> &[(String, u32)] {
        &[]
    }
}
