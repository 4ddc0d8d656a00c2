//! Greedy continuation with stop rules that also save work: nothing is decoded that could not be shown.

use super::{
    CachedDecoder, DecodeError, Decoder, LogProbs, Stop, TokenConfidence, Tokenizer, first_unsure,
    repetition, score,
};
use crate::autocomplete::Pacer;
use crate::text::{ends_sentence, is_word_char};

/// What the model would write at the caret.
#[derive(Debug, Clone, PartialEq)]
pub struct Continuation {
    /// From the caret on. Never holds a line break.
    pub text: String,
    /// The tokens of `text`, in order.
    pub pieces: Vec<Piece>,
    /// Why it ended.
    pub stop: Stop,
}

/// One token of a continuation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Where its bytes end in the text.
    pub end: usize,
    /// Its probability; of the first one, given the bytes that were required.
    pub prob: f32,
    /// The model's confidence in it.
    pub confidence: TokenConfidence,
}

/// Where a continuation begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Everything before the first token to choose: prompt and healed tokens.
    pub ids: Vec<u32>,
    /// Log-probabilities after `ids`, if they are known.
    pub known: Option<LogProbs>,
    /// Bytes behind the caret that the healed tokens gave already.
    pub extra: Vec<u8>,
    /// Probability of the healed tokens.
    pub prob: f32,
    /// Confidence of the last healed token.
    pub confidence: Option<TokenConfidence>,
}

/// When to stop.
pub struct Limits<'a> {
    /// Most tokens to choose.
    pub max_tokens: usize,
    /// Most words.
    pub max_words: usize,
    /// Least probability of the unit with this index and text.
    pub min_prob: &'a dyn Fn(usize, &str) -> f32,
    /// Least probability of all units together.
    pub min_prob_total: f32,
}

/// Takes the most probable token again and again.
///
/// `before` is the text before the caret, to see repetitions of it.
///
/// # Errors
/// As [`CachedDecoder::after`].
pub async fn continue_greedily<D: Decoder, T: Tokenizer>(
    cached: &mut CachedDecoder<D>,
    tokenizer: &T,
    start: Start,
    before: &str,
    limits: &Limits<'_>,
    pacer: &mut impl Pacer,
) -> Result<Continuation, DecodeError<D::Error>> {
    let Start {
        mut ids,
        mut known,
        extra,
        prob,
        confidence,
    } = start;
    let mut draft = Draft {
        bytes: extra,
        pieces: Vec::new(),
    };
    // Healed tokens that end at the caret give no piece of their own: the next token carries their probability.
    let mut carried = prob;
    if let Some(confidence) = confidence
        && !draft.bytes.is_empty()
    {
        draft.pieces.push(Piece {
            end: draft.bytes.len(),
            prob,
            confidence,
        });
        carried = 1.0;
    }
    for _ in 0..limits.max_tokens {
        if let Some(continuation) = draft.ended(before, limits) {
            return Ok(continuation);
        }
        let log_probs = match known.take() {
            Some(known) => known,
            None => cached.after(&ids, pacer).await?,
        };
        let token = log_probs.best();
        let bytes = tokenizer.token_bytes(token);
        // "marta.": the end of a sentence, or of the first part of an address? What follows tells.
        if draft.may_end_sentence()
            && !bytes
                .first()
                .is_some_and(|byte| byte.is_ascii_alphanumeric())
        {
            return Ok(draft.finish(Stop::Sentence));
        }
        if token == tokenizer.end_of_text() || bytes.is_empty() {
            return Ok(draft.finish(Stop::EndOfText));
        }
        let confidence = log_probs.confidence(token);
        draft.bytes.extend_from_slice(bytes);
        draft.pieces.push(Piece {
            end: draft.bytes.len(),
            prob: carried * confidence.log_prob.exp(),
            confidence,
        });
        carried = 1.0;
        ids.push(token);
    }
    Ok(match draft.ended(before, limits) {
        Some(continuation) => continuation,
        None => draft.finish(Stop::Tokens),
    })
}

/// A continuation in the making. Bytes, because a token may end inside a character.
struct Draft {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

impl Draft {
    /// The finished continuation, if a stop rule says so.
    fn ended(&self, before: &str, limits: &Limits<'_>) -> Option<Continuation> {
        let (text, is_broken) = readable(&self.bytes);
        if let Some(at) = text.find(['\n', '\r']) {
            return Some(self.cut(&text[..at], Stop::LineBreak));
        }
        if is_broken {
            return Some(self.cut(text, Stop::Unreadable));
        }
        let scored = score(text, &self.pieces);
        let word_starts = scored
            .iter()
            .filter(|unit| text[unit.range.clone()].contains(is_word_char));
        if let Some(over) = word_starts
            .map(|unit| unit.range.start)
            .nth(limits.max_words)
        {
            return Some(self.cut(&text[..over], Stop::Words));
        }
        if let Some(at) = repetition(before, text) {
            return Some(self.cut(&text[..at], Stop::Repetition));
        }
        if first_unsure(text, &scored, limits.min_prob, limits.min_prob_total).is_some() {
            return Some(self.cut(text, Stop::Unsure));
        }
        let is_over = ends_sentence(text) && !self.may_end_sentence();
        is_over.then(|| self.cut(text, Stop::Sentence))
    }

    /// Whether the text ends with a full stop behind a small letter, which may also stand inside an address.
    fn may_end_sentence(&self) -> bool {
        let text = readable(&self.bytes).0;
        let stem = text.strip_suffix('.').unwrap_or_default();
        ends_sentence(text) && stem.ends_with(|char: char| char.is_lowercase())
    }

    fn finish(&self, stop: Stop) -> Continuation {
        self.cut(readable(&self.bytes).0, stop)
    }

    fn cut(&self, text: &str, stop: Stop) -> Continuation {
        let mut start = 0;
        let mut pieces = self.pieces.clone();
        pieces.retain_mut(|piece| {
            let is_inside = start < text.len();
            start = piece.end;
            piece.end = piece.end.min(text.len());
            is_inside
        });
        Continuation {
            text: text.to_owned(),
            pieces,
            stop,
        }
    }
}

/// The part of `bytes` that is whole characters, and whether what follows can never become one.
fn readable(bytes: &[u8]) -> (&str, bool) {
    match str::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => {
            let text = str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            (text, error.error_len().is_some())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{CountingPacer, PieceTokenizer, TableDecoder, block_on};

    const PIECES: &[&str] = &[
        "Hello", " world", " of", " the", " game", ".", " Next", "\n", " a", " b", " c", " d",
        ".5", "!\n",
    ];

    fn continuation(texts: &[&str], before: &str, max_words: usize) -> (Continuation, usize) {
        let tokenizer = PieceTokenizer::new(PIECES);
        let lines: Vec<Vec<u32>> = texts
            .iter()
            .map(|text| tokenizer.encode(text).unwrap())
            .collect();
        let mut cached = CachedDecoder::new(TableDecoder::new(tokenizer.vocab_size(), 128, &lines));
        let ids = tokenizer.encode(before).unwrap();
        let start = Start {
            ids,
            known: None,
            extra: vec![],
            prob: 1.0,
            confidence: None,
        };
        let limits = Limits {
            max_tokens: 12,
            max_words,
            min_prob: &|_, _| 0.4,
            min_prob_total: 0.1,
        };
        let pacer = &mut CountingPacer::default();
        let continuation = block_on(continue_greedily(
            &mut cached,
            &tokenizer,
            start,
            before,
            &limits,
            pacer,
        ))
        .unwrap();
        (continuation, cached.decoder().calls())
    }

    #[test]
    fn it_stops_where_it_should() {
        for (texts, text, stop) in [
            (
                &["Hello world of the game. Next"][..],
                " world of the game.",
                Stop::Sentence,
            ),
            (&["Hello world of"], " world of", Stop::EndOfText),
            (&["Hello world\n of"], " world", Stop::LineBreak),
            (&["Hello world!\n of"], " world!", Stop::LineBreak),
            (&["Hello a b c d a"], " a b c d", Stop::Words),
            (&["Hello a a a"], " a", Stop::Repetition),
            (&["Hello a", "Hello b", "Hello c"], " a", Stop::Unsure),
            (&["Hello a\u{1F642}"], " a🙂", Stop::EndOfText),
        ] {
            let (found, _) = continuation(texts, "Hello", 4);
            assert_eq!((found.text.as_str(), found.stop), (text, stop), "{texts:?}");
        }
    }

    #[test]
    fn an_unsure_word_costs_no_further_step() {
        let (_, calls) = continuation(&["Hello a b", "Hello b c", "Hello c d"], "Hello", 4);
        assert_eq!(calls, 1);
    }

    #[test]
    fn a_character_cut_by_the_end_is_left_out() {
        let (found, _) = continuation(&["Hello a\u{1F642}"], "Hello", 4);
        assert!(
            found
                .pieces
                .iter()
                .all(|piece| piece.end <= found.text.len())
        );
        assert_eq!(readable(&"é".as_bytes()[..1]), ("", false));
        assert_eq!(readable(b"a\xFFb"), ("a", true));
    }
}
