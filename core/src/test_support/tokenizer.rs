//! A byte-level tokenizer over given pieces.

use std::convert::Infallible;

use crate::decode::Tokenizer;

/// Token 0 ends the text, tokens 1 to 256 are the single bytes, then come the given pieces. Encoding takes the longest
/// piece that fits, from left to right.
#[derive(Debug, Clone)]
pub struct PieceTokenizer {
    tokens: Vec<Vec<u8>>,
}

impl PieceTokenizer {
    /// A tokenizer that knows `pieces`.
    pub fn new(pieces: &[&str]) -> Self {
        let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
        let pieces = pieces.iter().map(|piece| piece.as_bytes().to_vec());
        Self {
            tokens: std::iter::once(Vec::new())
                .chain(bytes)
                .chain(pieces)
                .collect(),
        }
    }
}

impl Tokenizer for PieceTokenizer {
    type Error = Infallible;

    fn vocab_size(&self) -> usize {
        self.tokens.len()
    }

    fn encode(&self, text: &str) -> Result<Vec<u32>, Infallible> {
        let mut rest = text.as_bytes();
        let mut ids = Vec::new();
        while !rest.is_empty() {
            let fitting = (0u32..)
                .zip(&self.tokens)
                .skip(1)
                .filter(|(_, token)| rest.starts_with(token));
            let Some((id, token)) = fitting.max_by_key(|(_, token)| token.len()) else {
                break;
            };
            ids.push(id);
            rest = &rest[token.len()..];
        }
        Ok(ids)
    }

    fn token_bytes(&self, token: u32) -> &[u8] {
        self.tokens.get(token as usize).map_or(&[], Vec::as_slice)
    }

    fn end_of_text(&self) -> u32 {
        0
    }
}
