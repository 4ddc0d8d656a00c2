//! The tokens to train on.

use std::path::Path;

use sotto_core::decode::Tokenizer as _;
use sotto_tokenizer::HfTokenizer;

use crate::error::EvalError;
use crate::npy;

/// Token files in the order of their names, one behind the other.
pub(crate) struct TokenCorpus {
    tokens: Vec<u16>,
    tokenizer: HfTokenizer,
}

impl TokenCorpus {
    /// Reads the files of `folder`; of more than `max_tokens` the same share from the beginning of each.
    pub(crate) fn read(
        folder: &Path,
        tokenizer: HfTokenizer,
        max_tokens: usize,
    ) -> Result<Self, EvalError> {
        let mut files = Vec::new();
        for path in npy::list(folder)? {
            let tokens = npy::read(&path)?;
            // One value is kept for "no token" in the keys of n-grams.
            let limit = tokenizer.vocab_size().min(usize::from(u16::MAX));
            if tokens.iter().any(|&token| usize::from(token) >= limit) {
                return Err(EvalError::Tokens {
                    path,
                    problem: "tokens beyond the vocabulary: made by another tokenizer?",
                });
            }
            files.push(tokens);
        }
        let total: usize = files.iter().map(Vec::len).sum();
        let share = (max_tokens as f64 / total.max(1) as f64).min(1.0);
        let mut tokens = Vec::with_capacity(total.min(max_tokens));
        for file in files {
            let kept = (file.len() as f64 * share) as usize;
            tokens.extend_from_slice(&file[..kept]);
        }
        Ok(Self { tokens, tokenizer })
    }

    /// Number of tokens.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// All tokens.
    pub(crate) fn tokens(&self) -> &[u16] {
        &self.tokens
    }

    /// The tokenizer that made them.
    pub(crate) fn tokenizer(&self) -> &HfTokenizer {
        &self.tokenizer
    }

    /// The tokenizer; lets the tokens go.
    pub(crate) fn into_tokenizer(self) -> HfTokenizer {
        self.tokenizer
    }

    /// The token in front of every document.
    pub(crate) fn end_of_text(&self) -> u16 {
        u16::try_from(self.tokenizer.end_of_text()).unwrap_or_default()
    }
}
