//! A model that has learned some texts by heart and nothing else.

use std::convert::Infallible;

use sotto_core::decode::{Decoder, Tokenizer};

/// Logit of a token that it knows to come, and how much more one has for every byte; all others have 0. The longest one is
/// then all but certain, whatever the size of the vocabulary.
const KNOWN: f32 = 18.0;
const PER_BYTE: f32 = 6.0;

/// Room for any of the texts.
const CAPACITY: usize = 256;

/// Continues what it has seen. A word that was tokenised in another way, as healing may, is recognised by its bytes.
pub(super) struct Parrot {
    vocab: usize,
    /// Bytes of every token.
    bytes: Vec<Vec<u8>>,
    texts: Vec<Vec<u8>>,
    end_of_text: u32,
    ids: Vec<u32>,
}

impl Parrot {
    /// Learns `texts`.
    pub(super) fn new<'a>(
        tokenizer: &impl Tokenizer,
        texts: impl Iterator<Item = &'a str>,
    ) -> Self {
        let vocab = tokenizer.vocab_size();
        let size = u32::try_from(vocab).unwrap_or(u32::MAX);
        Self {
            vocab,
            bytes: (0..size)
                .map(|id| tokenizer.token_bytes(id).to_vec())
                .collect(),
            texts: texts.map(|text| text.as_bytes().to_vec()).collect(),
            end_of_text: tokenizer.end_of_text(),
            ids: Vec::new(),
        }
    }

    /// What the texts go on with behind the tokens so far, if one of them begins so.
    fn rest(&self) -> Option<&[u8]> {
        let said: Vec<u8> = self
            .ids
            .iter()
            .flat_map(|&id| &self.bytes[id as usize])
            .copied()
            .collect();
        self.texts
            .iter()
            .find_map(|text| text.strip_prefix(said.as_slice()))
    }
}

impl Decoder for Parrot {
    type Error = Infallible;

    fn vocab_size(&self) -> usize {
        self.vocab
    }

    fn len(&self) -> usize {
        self.ids.len()
    }

    fn capacity(&self) -> usize {
        CAPACITY
    }

    async fn prefill(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
        self.ids.extend_from_slice(tokens);
        let mut logits = vec![0.0; self.vocab];
        match self.rest() {
            None => {}
            Some([]) => logits[self.end_of_text as usize] = KNOWN,
            // The longest token that fits, as a trained model would have it; shorter ones are possible too.
            Some(rest) => {
                for (logit, bytes) in logits.iter_mut().zip(&self.bytes) {
                    if !bytes.is_empty() && rest.starts_with(bytes) {
                        *logit = KNOWN + PER_BYTE * bytes.len() as f32;
                    }
                }
            }
        }
        Ok(logits)
    }

    fn truncate(&mut self, len: usize) {
        self.ids.truncate(len);
    }
}
