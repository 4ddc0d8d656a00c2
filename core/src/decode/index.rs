//! Tokens sorted by their bytes, to find those that agree with bytes already typed.

use super::Tokenizer;

/// Every token that stands for bytes, sorted by them.
#[derive(Debug, Clone)]
pub struct TokenIndex {
    sorted: Vec<u32>,
}

impl TokenIndex {
    /// Sorts the vocabulary. Special tokens stand for no bytes and are left out.
    pub fn new(tokenizer: &impl Tokenizer) -> Self {
        let vocab_size = u32::try_from(tokenizer.vocab_size()).unwrap_or(u32::MAX);
        let mut sorted: Vec<u32> = (0..vocab_size)
            .filter(|&token| !tokenizer.token_bytes(token).is_empty())
            .collect();
        sorted.sort_unstable_by(|&a, &b| {
            tokenizer
                .token_bytes(a)
                .cmp(tokenizer.token_bytes(b))
                .then(a.cmp(&b))
        });
        Self { sorted }
    }

    /// Tokens whose bytes begin with `prefix`: they reproduce it and may go on.
    pub fn starting_with<'a>(
        &'a self,
        tokenizer: &'a impl Tokenizer,
        prefix: &'a [u8],
    ) -> &'a [u32] {
        let from = self
            .sorted
            .partition_point(|&token| tokenizer.token_bytes(token) < prefix);
        let rest = &self.sorted[from..];
        let len = rest.partition_point(|&token| tokenizer.token_bytes(token).starts_with(prefix));
        &rest[..len]
    }

    /// Tokens whose bytes are a shorter start of `bytes`: they reproduce a part of it.
    pub fn parts_of<'a>(
        &'a self,
        tokenizer: &'a impl Tokenizer,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = u32> + 'a {
        (1..bytes.len()).flat_map(move |len| {
            let part = &bytes[..len];
            let from = self
                .sorted
                .partition_point(|&token| tokenizer.token_bytes(token) < part);
            self.sorted[from..]
                .iter()
                .copied()
                .take_while(move |&token| tokenizer.token_bytes(token) == part)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_support::PieceTokenizer;

    proptest! {
        #[test]
        fn the_index_finds_what_a_scan_finds(prefix in proptest::collection::vec(prop_oneof![Just(b' '), Just(b't'), Just(b'h'), Just(b'e'), any::<u8>()], 0..5)) {
            let tokenizer = PieceTokenizer::new(&["the", " the", " there", " th", "he", " t"]);
            let index = TokenIndex::new(&tokenizer);
            let all = || (0..tokenizer.vocab_size() as u32).filter(|&token| !tokenizer.token_bytes(token).is_empty());
            let mut found = index.starting_with(&tokenizer, &prefix).to_vec();
            found.sort_unstable();
            let scanned: Vec<u32> = all().filter(|&token| tokenizer.token_bytes(token).starts_with(&prefix)).collect();
            prop_assert_eq!(found, scanned);
            let mut parts: Vec<u32> = index.parts_of(&tokenizer, &prefix).collect();
            parts.sort_unstable();
            let scanned: Vec<u32> = all()
                .filter(|&token| prefix.starts_with(tokenizer.token_bytes(token)) && tokenizer.token_bytes(token) != prefix)
                .collect();
            prop_assert_eq!(parts, scanned);
        }
    }
}
