//! `sotto_core`'s `Tokenizer` over a Hugging Face `tokenizer.json` with byte-level BPE.

use sotto_core::decode::Tokenizer;

use crate::{LlamaConfig, LmError};

/// Text that exercises what breaks byte-exactness: leading and double spaces, line ends, composed and decomposed
/// letters, scripts without spaces, an emoji sequence, digits, and the name of a special token.
const PROBE: &str = " Two  spaces,\r\n\ttabs. caf\u{e9} cafe\u{301} \u{4f60}\u{597d} \u{1f469}\u{200d}\u{1f4bb} 3.14 <|endoftext|>";

/// A byte-level BPE tokenizer that gives back exactly the bytes that it was given.
pub struct HfTokenizer {
    tokenizer: tokenizers::Tokenizer,
    /// By token id; empty for special tokens.
    bytes: Vec<Box<[u8]>>,
    end_of_text: u32,
}

impl std::fmt::Debug for HfTokenizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "HfTokenizer({} tokens)", self.bytes.len())
    }
}

impl HfTokenizer {
    /// Reads `tokenizer.json` and checks that it belongs to the model with this `config`.
    ///
    /// # Errors
    /// [`LmError::TokenizerSyntax`] if it cannot be read; [`LmError::Tokenizer`] if it is not byte-level, has another
    /// number of tokens than the model, or does not reproduce text exactly.
    pub fn from_json(json: &[u8], config: &LlamaConfig) -> Result<Self, LmError> {
        let mut tokenizer =
            tokenizers::Tokenizer::from_bytes(json).map_err(LmError::TokenizerSyntax)?;
        // What the user types is text, even where it looks like a special token.
        tokenizer.set_encode_special_tokens(true);
        tokenizer
            .with_truncation(None)
            .map_err(LmError::TokenizerSyntax)?;
        tokenizer.with_padding(None);
        let bytes = token_bytes(&tokenizer, config.vocab_size)?;
        let this = Self {
            tokenizer,
            bytes,
            end_of_text: config.end_of_text,
        };
        this.check_round_trip()?;
        Ok(this)
    }

    fn check_round_trip(&self) -> Result<(), LmError> {
        let ids = self
            .encode(PROBE)
            .map_err(|_| LmError::Tokenizer("cannot encode a plain text"))?;
        let bytes: Vec<u8> = ids
            .iter()
            .flat_map(|&id| self.token_bytes(id))
            .copied()
            .collect();
        if bytes == PROBE.as_bytes() {
            Ok(())
        } else {
            Err(LmError::Tokenizer(
                "does not give back the bytes that it was given",
            ))
        }
    }
}

impl Tokenizer for HfTokenizer {
    type Error = LmError;

    fn vocab_size(&self) -> usize {
        self.bytes.len()
    }

    fn encode(&self, text: &str) -> Result<Vec<u32>, LmError> {
        // The error is dropped on purpose: it may quote the text.
        let encoding = self
            .tokenizer
            .encode_fast(text, false)
            .map_err(|_| LmError::Encode)?;
        Ok(encoding.get_ids().to_vec())
    }

    fn token_bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], |bytes| bytes)
    }

    fn end_of_text(&self) -> u32 {
        self.end_of_text
    }
}

/// The bytes of every token by id; every id below `vocab_size` has exactly one token.
fn token_bytes(
    tokenizer: &tokenizers::Tokenizer,
    vocab_size: usize,
) -> Result<Vec<Box<[u8]>>, LmError> {
    const OTHER_MODEL: LmError = LmError::Tokenizer("has another number of tokens than the model");
    let vocabulary = tokenizer.get_vocab(true);
    if vocabulary.len() != vocab_size {
        return Err(OTHER_MODEL);
    }
    let added = tokenizer.get_added_tokens_decoder();
    let mut bytes: Vec<Option<Box<[u8]>>> = vec![None; vocab_size];
    for (token, id) in vocabulary {
        let place = bytes.get_mut(id as usize).ok_or(OTHER_MODEL)?;
        *place = Some(match added.get(&id) {
            Some(added) if added.special => Box::default(),
            Some(added) => added.content.as_bytes().into(),
            None => token
                .chars()
                .map(byte_of)
                .collect::<Option<_>>()
                .ok_or(LmError::Tokenizer("is not a byte-level tokenizer"))?,
        });
    }
    bytes.into_iter().collect::<Option<_>>().ok_or(OTHER_MODEL)
}

/// The byte that a character of the byte-level alphabet stands for.
///
/// # Source
/// `bytes_to_unicode` of OpenAI's GPT-2 (`src/encoder.py`): printable Latin-1 stands for itself, the other bytes are
/// counted up from U+0100.
fn byte_of(character: char) -> Option<u8> {
    let printable = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    match u32::from(character) {
        code @ 0..=0xff => u8::try_from(code).ok().filter(printable),
        code => (0..=u8::MAX)
            .filter(|byte| !printable(byte))
            .nth(code as usize - 0x100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_alphabet_is_complete_and_unambiguous() {
        let mut bytes: Vec<u8> = ('\0'..='\u{200}').filter_map(byte_of).collect();
        assert_eq!(bytes.len(), 256);
        bytes.sort_unstable();
        bytes.dedup();
        assert_eq!(bytes.len(), 256);
        assert_eq!(
            (byte_of('\u{120}'), byte_of('\u{10a}'), byte_of('a')),
            (Some(b' '), Some(b'\n'), Some(b'a'))
        );
    }
}
