//! The known-answer test: the same few tokens must come out of every backend before it may answer.

use super::{DecodeError, Decoder, LogProbs, TokenConfidence};

/// One token of a greedy continuation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GreedyToken {
    /// The token.
    pub id: u32,
    /// How sure the model was of it. A pack's known answer is chosen for its margins, so that rounding cannot turn it.
    pub confidence: TokenConfidence,
}

/// The `count` most probable tokens after `prompt`, one after the other. End-of-text is a token like any other here. The
/// decoder's cache is emptied before and after.
///
/// # Errors
/// [`DecodeError::Engine`], [`DecodeError::Logits`].
pub async fn greedy_tokens<D: Decoder>(
    decoder: &mut D,
    prompt: &[u32],
    count: usize,
) -> Result<Vec<GreedyToken>, DecodeError<D::Error>> {
    decoder.truncate(0);
    let mut tokens = Vec::with_capacity(count);
    let mut logits = decoder.prefill(prompt).await.map_err(DecodeError::Engine)?;
    while tokens.len() < count {
        if logits.len() != decoder.vocab_size() {
            return Err(DecodeError::Logits);
        }
        let log_probs = LogProbs::new(logits).ok_or(DecodeError::Logits)?;
        let id = log_probs.best();
        tokens.push(GreedyToken {
            id,
            confidence: log_probs.confidence(id),
        });
        if tokens.len() == count {
            break;
        }
        logits = decoder.step(id).await.map_err(DecodeError::Engine)?;
    }
    decoder.truncate(0);
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{Fault, TableDecoder, block_on};

    #[test]
    fn the_table_says_what_it_learned() {
        let mut decoder = TableDecoder::new(8, 16, &[vec![1, 2, 3, 4, 5]]);
        let tokens = block_on(greedy_tokens(&mut decoder, &[1, 2], 3)).unwrap();
        assert_eq!(
            tokens.iter().map(|token| token.id).collect::<Vec<_>>(),
            [3, 4, 5]
        );
        assert!(tokens.iter().all(|token| token.confidence.margin > 0.9));
        assert!(decoder.is_empty());
        decoder.fail_next(Fault::Nan);
        assert_eq!(
            block_on(greedy_tokens(&mut decoder, &[1, 2], 3)),
            Err(DecodeError::Logits)
        );
        assert!(
            block_on(greedy_tokens(&mut decoder, &[1, 2], 15))
                .is_ok_and(|tokens| tokens.len() == 15)
        );
        assert!(matches!(
            block_on(greedy_tokens(&mut decoder, &[1, 2], 16)),
            Err(DecodeError::Engine(_))
        ));
    }
}
