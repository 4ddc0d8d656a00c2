//! `sotto_core`'s `Tokenizer` over a Hugging Face `tokenizer.json`.

use sotto_core::decode::Tokenizer;

use crate::TokenizerError;
use crate::alphabet::Alphabet;

/// Text that exercises what breaks byte-exactness: leading and double spaces, line ends, composed and decomposed
/// letters, scripts without spaces, an emoji sequence, digits, and the name of a special token.
const PROBE: &str = " Two  spaces,\r\n\ttabs. caf\u{e9} cafe\u{301} \u{4f60}\u{597d} \u{1f469}\u{200d}\u{1f4bb} 3.14 <|endoftext|>";

/// What a model expects of its tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vocabulary {
    /// Rows of the model's embedding.
    pub size: usize,
    /// The token that separates documents or ends an answer.
    pub end_of_text: u32,
    /// Our own models: every row has a token, and text comes back byte for byte. Models from elsewhere pad the
    /// embedding, and may normalise what they read.
    pub is_exact: bool,
}

/// A BPE tokenizer whose tokens stand for known bytes.
pub struct HfTokenizer {
    /// Takes the names of special tokens for text.
    tokenizer: tokenizers::Tokenizer,
    /// Names and ids of special tokens.
    specials: Vec<(String, u32)>,
    /// By token id; empty for special tokens and for rows without a token.
    bytes: Vec<Box<[u8]>>,
    end_of_text: u32,
}

impl std::fmt::Debug for HfTokenizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "HfTokenizer({} tokens)", self.bytes.len())
    }
}

impl HfTokenizer {
    /// Reads `tokenizer.json` and checks that it belongs to the model with this `vocabulary`.
    ///
    /// # Errors
    /// [`TokenizerError::Syntax`] if it cannot be read; [`TokenizerError::Unfit`] if it is of another kind, has tokens
    /// that the model lacks, or, where the vocabulary is exact, fewer of them or does not reproduce text exactly.
    pub fn from_json(json: &[u8], vocabulary: Vocabulary) -> Result<Self, TokenizerError> {
        let mut tokenizer =
            tokenizers::Tokenizer::from_bytes(json).map_err(TokenizerError::Syntax)?;
        // What the user types is text, even where it looks like a special token.
        tokenizer.set_encode_special_tokens(true);
        tokenizer
            .with_truncation(None)
            .map_err(TokenizerError::Syntax)?;
        tokenizer.with_padding(None);
        let this = Self {
            bytes: token_bytes(&tokenizer, vocabulary)?,
            specials: specials(&tokenizer),
            tokenizer,
            end_of_text: vocabulary.end_of_text,
        };
        if vocabulary.is_exact {
            this.check_round_trip()?;
        }
        Ok(this)
    }

    /// Token ids of `text` as [`Tokenizer::encode`] gives them, each with the number of the piece that it is from: the
    /// pre-tokenizer's idea of a word, with the space in front. For measurements that count words.
    ///
    /// # Errors
    /// [`TokenizerError::Encode`].
    pub fn encode_pieces(&self, text: &str) -> Result<Vec<(u32, u32)>, TokenizerError> {
        // Not `encode_fast`, which does not keep the numbers.
        let encoding = self
            .tokenizer
            .encode(text, false)
            .map_err(|_| TokenizerError::Encode)?;
        let pieces = encoding.get_word_ids().iter().copied();
        encoding
            .get_ids()
            .iter()
            .zip(pieces)
            .map(|(&id, piece)| Some((id, piece?)))
            .collect::<Option<_>>()
            .ok_or(TokenizerError::Encode)
    }

    fn check_round_trip(&self) -> Result<(), TokenizerError> {
        let ids = self
            .encode(PROBE)
            .map_err(|_| TokenizerError::Unfit("cannot encode a plain text"))?;
        let bytes: Vec<u8> = ids
            .iter()
            .flat_map(|&id| self.token_bytes(id))
            .copied()
            .collect();
        if bytes == PROBE.as_bytes() {
            Ok(())
        } else {
            Err(TokenizerError::Unfit(
                "does not give back the bytes that it was given",
            ))
        }
    }
}

impl Tokenizer for HfTokenizer {
    type Error = TokenizerError;

    fn vocab_size(&self) -> usize {
        self.bytes.len()
    }

    fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self
            .tokenizer
            .encode_fast(text, false)
            .map_err(|_| TokenizerError::Encode)?;
        Ok(encoding.get_ids().to_vec())
    }

    fn token_bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], |bytes| bytes)
    }

    fn end_of_text(&self) -> u32 {
        self.end_of_text
    }

    fn special_tokens(&self) -> &[(String, u32)] {
        &self.specials
    }
}

/// Special tokens by name, in a stable order.
fn specials(tokenizer: &tokenizers::Tokenizer) -> Vec<(String, u32)> {
    let added = tokenizer.get_added_tokens_decoder();
    let mut specials: Vec<(String, u32)> = added
        .into_iter()
        .filter(|(_, token)| token.special && !token.content.is_empty())
        .map(|(id, token)| (token.content, id))
        .collect();
    specials.sort_unstable();
    specials
}

/// The bytes of every token by id.
fn token_bytes(
    tokenizer: &tokenizers::Tokenizer,
    expected: Vocabulary,
) -> Result<Vec<Box<[u8]>>, TokenizerError> {
    const OTHER_MODEL: TokenizerError =
        TokenizerError::Unfit("has another number of tokens than the model");
    let vocabulary = tokenizer.get_vocab(true);
    let fits = if expected.is_exact {
        vocabulary.len() == expected.size
    } else {
        vocabulary.len() <= expected.size
    };
    if !fits {
        return Err(OTHER_MODEL);
    }
    let alphabet = Alphabet::of(vocabulary.keys().map(String::as_str));
    let added = tokenizer.get_added_tokens_decoder();
    let mut bytes: Vec<Option<Box<[u8]>>> = vec![None; expected.size];
    for (token, id) in vocabulary {
        let place = bytes.get_mut(id as usize).ok_or(OTHER_MODEL)?;
        *place = Some(match added.get(&id) {
            Some(added) if added.special => Box::default(),
            Some(added) => added.content.as_bytes().into(),
            None => alphabet
                .bytes(&token)
                .ok_or(TokenizerError::Unfit("is not a byte-level tokenizer"))?,
        });
    }
    if expected.is_exact {
        return bytes.into_iter().collect::<Option<_>>().ok_or(OTHER_MODEL);
    }
    Ok(bytes.into_iter().map(Option::unwrap_or_default).collect())
}
