//! A long text in pieces that a model can read one after the other.

use std::ops::Range;

use crate::decode::Tokenizer;
use crate::text::sentence_starts;

/// Pieces of `text`, in order, each of at most `max_tokens` tokens: cut at the end of a paragraph if that leaves the piece
/// at least half full, else of a sentence, else of a word. White space between pieces belongs to none; together they
/// hold everything else.
///
/// # Errors
/// The tokenizer's.
pub fn chunks<'a, T: Tokenizer>(
    text: &'a str,
    tokenizer: &T,
    max_tokens: usize,
) -> Result<Vec<&'a str>, T::Error> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = first_end(rest, tokenizer, max_tokens)?;
        pieces.push(rest[..end].trim_end());
        rest = rest[end..].trim_start();
    }
    Ok(pieces)
}

/// The first of the [`chunks`] of `text`, without looking at the others.
///
/// # Errors
/// The tokenizer's.
pub(crate) fn first_chunk<'a, T: Tokenizer>(
    text: &'a str,
    tokenizer: &T,
    max_tokens: usize,
) -> Result<&'a str, T::Error> {
    let text = text.trim();
    Ok(text[..first_end(text, tokenizer, max_tokens)?].trim_end())
}

/// Where the first piece of `rest` ends. At least one character.
fn first_end<T: Tokenizer>(
    rest: &str,
    tokenizer: &T,
    max_tokens: usize,
) -> Result<usize, T::Error> {
    let max_tokens = max_tokens.max(1);
    // Encoding the whole rest for every piece would be quadratic.
    let reach = rest.floor_char_boundary(max_tokens.saturating_mul(BYTES_PER_TOKEN));
    let ahead = &rest[..reach.max(first_char(rest))];
    let mut end = fitting(ahead, tokenizer, max_tokens)?;
    if end < rest.len() {
        end = boundary(rest, end);
    }
    // Tokens in the middle of a text are not those of its piece: what was cut may need one more.
    while tokenizer.encode(rest[..end].trim_end())?.len() > max_tokens {
        let shorter = rest.floor_char_boundary(end - 1 - end / 16);
        if shorter == 0 {
            return Ok(first_char(rest));
        }
        end = boundary(rest, shorter);
    }
    Ok(end)
}

/// More than any tokenizer reaches on average over a piece.
const BYTES_PER_TOKEN: usize = 16;

fn first_char(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// Bytes of `text` that its first `max_tokens` tokens stand for, down to a whole character but at least one.
fn fitting<T: Tokenizer>(text: &str, tokenizer: &T, max_tokens: usize) -> Result<usize, T::Error> {
    let ids = tokenizer.encode(text)?;
    if ids.len() <= max_tokens {
        return Ok(text.len());
    }
    let bytes = ids[..max_tokens]
        .iter()
        .map(|&id| tokenizer.token_bytes(id).len())
        .sum();
    Ok(text.floor_char_boundary(bytes).max(first_char(text)))
}

/// The best place to cut `text` at or before `end`; `end` itself if there is none in its later half.
fn boundary(text: &str, end: usize) -> usize {
    let head = &text[..end];
    let later = |range: Range<usize>| (range.start * 2 >= end).then_some(range.start);
    let paragraph = head
        .rfind("\n\n")
        .or_else(|| head.rfind('\n'))
        .and_then(|at| later(at..end));
    let sentence = || {
        // From a place where a sentence begins in any case, or nearly: half of the work is enough.
        let from = text.floor_char_boundary(end / 2);
        let start = sentence_starts(&text[from..]).map(|at| from + at);
        start.take_while(|&at| at <= end).last()
    };
    let word = || {
        head.rfind(char::is_whitespace)
            .and_then(|at| later(at..end))
    };
    paragraph.or_else(sentence).or_else(word).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_support::PieceTokenizer;

    fn tokenizer() -> PieceTokenizer {
        PieceTokenizer::new(&["aaaa", " the", " of", "\n\n"])
    }

    fn cut(text: &str, max_tokens: usize) -> Vec<&str> {
        chunks(text, &tokenizer(), max_tokens).unwrap()
    }

    #[test]
    fn pieces_end_where_the_text_pauses() {
        assert_eq!(cut("One. Two. Three.", 99), ["One. Two. Three."]);
        assert_eq!(cut("One. Two. Three.", 11), ["One. Two.", "Three."]);
        assert_eq!(
            cut("One one one.\n\nTwo.\n\nThree.", 20),
            ["One one one.\n\nTwo.", "Three."]
        );
        assert_eq!(cut("word word word", 10), ["word word", "word"]);
        assert_eq!(cut("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(cut("🙂🙂", 5), ["🙂", "🙂"]);
        assert_eq!(cut("  \n ", 5), Vec::<&str>::new());
    }

    #[test]
    fn a_character_that_does_not_fit_is_a_piece_all_the_same() {
        assert_eq!(cut("a🙂b", 2), ["a", "🙂", "b"]);
    }

    proptest! {
        #[test]
        fn pieces_fit_and_hold_everything(text in "[aé .\n]{0,80}( the| of|aaaa|\n\n){0,20}[a .]{0,20}", max_tokens in 2usize..40) {
            let pieces = cut(&text, max_tokens);
            for piece in &pieces {
                prop_assert!(tokenizer().encode(piece).unwrap().len() <= max_tokens);
                prop_assert!(!piece.trim().is_empty());
            }
            let visible = |text: &str| text.chars().filter(|char| !char.is_whitespace()).collect::<String>();
            prop_assert_eq!(visible(&pieces.concat()), visible(&text));
        }
    }
}
