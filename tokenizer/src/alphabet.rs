//! What the characters of a vocabulary stand for, in the two kinds of BPE that are in use.

/// How a vocabulary writes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// Every character stands for one byte.
    ByteLevel,
    /// Characters stand for themselves, `▁` for a space, and `<0x0A>` for a byte that has no token.
    SentencePiece,
}

/// What SentencePiece writes for a space.
const SPACE: char = '\u{2581}';

impl Alphabet {
    /// The alphabet of a vocabulary: SentencePiece's spells out bytes, the byte-level one needs not.
    pub(crate) fn of<'a>(mut tokens: impl Iterator<Item = &'a str>) -> Self {
        if tokens.any(|token| token == "<0x00>") {
            Self::SentencePiece
        } else {
            Self::ByteLevel
        }
    }

    /// The bytes that `token` stands for; `None` if it is not of this alphabet.
    pub(crate) fn bytes(self, token: &str) -> Option<Box<[u8]>> {
        match self {
            Self::ByteLevel => token.chars().map(byte_of).collect(),
            Self::SentencePiece => Some(match spelled_byte(token) {
                Some(byte) => [byte].into(),
                None => token.replace(SPACE, " ").into_bytes().into(),
            }),
        }
    }
}

/// The byte of `<0x0A>`.
fn spelled_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2)
        .then(|| u8::from_str_radix(digits, 16).ok())
        .flatten()
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

    #[test]
    fn sentence_piece_spells_spaces_and_bytes() {
        let bytes = |token| {
            Alphabet::SentencePiece
                .bytes(token)
                .expect("any token has bytes")
        };
        assert_eq!(&*bytes("\u{2581}the"), b" the");
        assert_eq!(&*bytes("<0x0A>"), b"\n");
        assert_eq!(&*bytes("<0x0>"), b"<0x0>");
        assert_eq!(&*bytes("é"), "é".as_bytes());
        assert_eq!(
            Alphabet::of(["a", "<0x00>"].into_iter()),
            Alphabet::SentencePiece
        );
        assert_eq!(Alphabet::of(["a", "b"].into_iter()), Alphabet::ByteLevel);
    }
}
