//! A decoder together with the knowledge of what is in its KV cache.

use super::{Decoder, LogProbs};
use crate::autocomplete::Pacer;

/// Most tokens in one prefill, so that the GPU is never busy for long and a newer request need not wait.
pub const MAX_PREFILL_TOKENS: usize = 32;

/// Why no log-probabilities came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError<E> {
    /// The pacer said that the request is over.
    Cancelled,
    /// The engine's own error.
    Engine(E),
    /// The logits were no numbers, or not as many as the vocabulary has tokens.
    Logits,
}

/// Brings the KV cache to any sequence of tokens with as little work as possible.
#[derive(Debug)]
pub struct CachedDecoder<D> {
    decoder: D,
    /// Tokens in the KV cache, as far as this type put them there.
    ids: Vec<u32>,
    /// Whether a call into the engine has begun and not ended well: then the cache may hold anything.
    is_dirty: bool,
    /// The last sequence asked for through `prompt`, with its answer: while a word is typed, the prompt before it stays.
    prompt: Option<(Vec<u32>, LogProbs)>,
    counts: Counts,
}

/// What the answers since the last reset cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Tokens that went through the model for `prompt`.
    pub(crate) prefilled: u32,
    /// Tokens of `prompt` that did not have to.
    pub(crate) reused: u32,
    /// Tokens that went through the model for `after`.
    pub(crate) stepped: u32,
}

impl<D: Decoder> CachedDecoder<D> {
    /// Takes a decoder and empties its cache.
    pub fn new(mut decoder: D) -> Self {
        decoder.truncate(0);
        Self {
            decoder,
            ids: Vec::new(),
            is_dirty: false,
            prompt: None,
            counts: Counts::default(),
        }
    }

    /// The decoder.
    pub fn decoder(&self) -> &D {
        &self.decoder
    }

    /// The decoder, for other uses. The cache is taken for unknown afterwards.
    pub fn decoder_mut(&mut self) -> &mut D {
        self.is_dirty = true;
        &mut self.decoder
    }

    /// The costs so far; starts counting anew.
    pub(crate) fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    /// Log-probabilities after `ids`, which begin a request. Answers from memory if they are those of the last request.
    ///
    /// # Errors
    /// [`DecodeError`]; the next call works.
    pub async fn prompt(
        &mut self,
        ids: &[u32],
        pacer: &mut impl Pacer,
    ) -> Result<LogProbs, DecodeError<D::Error>> {
        self.recover();
        if let Some((known, log_probs)) = &self.prompt
            && known == ids
        {
            self.counts.reused += count(ids.len());
            return Ok(log_probs.clone());
        }
        let (log_probs, fed) = self.bring_to(ids, pacer).await?;
        self.counts.prefilled += fed;
        self.counts.reused += count(ids.len()) - fed;
        self.prompt = Some((ids.to_vec(), log_probs.clone()));
        Ok(log_probs)
    }

    /// Log-probabilities after `ids`, which go on from a prompt. Taking a branch back is a truncation to what both have
    /// in common.
    ///
    /// # Errors
    /// [`DecodeError`]; the next call works.
    pub async fn after(
        &mut self,
        ids: &[u32],
        pacer: &mut impl Pacer,
    ) -> Result<LogProbs, DecodeError<D::Error>> {
        self.recover();
        let (log_probs, fed) = self.bring_to(ids, pacer).await?;
        self.counts.stepped += fed;
        Ok(log_probs)
    }

    /// Tokens that `after` would have to put through the model.
    pub(crate) fn cost_of(&self, ids: &[u32]) -> usize {
        ids.len() - common_prefix(&self.ids, ids).min(ids.len().saturating_sub(1))
    }

    /// Empties the cache if it may not hold what it should: a call failed or was dropped, or someone else used it.
    fn recover(&mut self) {
        if self.is_dirty || self.decoder.len() != self.ids.len() {
            self.decoder.truncate(0);
            self.ids.clear();
            self.prompt = None;
            self.is_dirty = false;
        }
    }

    async fn bring_to(
        &mut self,
        ids: &[u32],
        pacer: &mut impl Pacer,
    ) -> Result<(LogProbs, u32), DecodeError<D::Error>> {
        // At least the last token goes through the model, even if the cache holds it: its logits are needed.
        let keep = common_prefix(&self.ids, ids).min(ids.len().saturating_sub(1));
        self.decoder.truncate(keep);
        self.ids.truncate(keep);
        let mut logits = Vec::new();
        for chunk in ids[keep..].chunks(MAX_PREFILL_TOKENS) {
            if !pacer.pause().await {
                return Err(DecodeError::Cancelled);
            }
            self.is_dirty = true;
            logits = match chunk {
                [token] => self.decoder.step(*token).await,
                _ => self.decoder.prefill(chunk).await,
            }
            .map_err(DecodeError::Engine)?;
            self.ids.extend_from_slice(chunk);
            if logits.len() != self.decoder.vocab_size() || self.decoder.len() != self.ids.len() {
                return Err(DecodeError::Logits);
            }
            self.is_dirty = false;
        }
        match LogProbs::new(logits) {
            Some(log_probs) => Ok((log_probs, count(ids.len() - keep))),
            None => {
                self.is_dirty = true;
                Err(DecodeError::Logits)
            }
        }
    }
}

fn common_prefix(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn count(tokens: usize) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{CountingPacer, Fault, TableDecoder, block_on};

    fn decoder() -> CachedDecoder<TableDecoder> {
        CachedDecoder::new(TableDecoder::new(8, 128, &[vec![1, 2, 3, 4, 5]]))
    }

    fn fed(decoder: &CachedDecoder<TableDecoder>) -> usize {
        decoder.decoder().tokens_fed()
    }

    #[test]
    fn only_what_changed_goes_through_the_model() {
        let mut cached = decoder();
        let pacer = &mut CountingPacer::default();
        block_on(cached.prompt(&[1, 2, 3], pacer)).unwrap();
        assert_eq!(fed(&cached), 3);
        block_on(cached.prompt(&[1, 2, 3, 4], pacer)).unwrap();
        assert_eq!(fed(&cached), 4);
        block_on(cached.prompt(&[1, 2, 3, 4], pacer)).unwrap();
        assert_eq!(fed(&cached), 4, "answered from memory");
        block_on(cached.prompt(&[1, 2], pacer)).unwrap();
        assert_eq!(fed(&cached), 5, "its last token again, for its logits");
        block_on(cached.after(&[1, 2, 7, 6], pacer)).unwrap();
        block_on(cached.after(&[1, 2, 7], pacer)).unwrap();
        assert_eq!(fed(&cached), 8);
        assert_eq!(
            cached.take_counts(),
            Counts {
                prefilled: 5,
                reused: 3 + 4 + 1,
                stepped: 3
            }
        );
    }

    #[test]
    fn a_long_prompt_goes_in_chunks_with_pauses() {
        let mut cached = decoder();
        let pacer = &mut CountingPacer::default();
        block_on(cached.prompt(&[1; 100], pacer)).unwrap();
        assert_eq!(cached.decoder().largest_call(), MAX_PREFILL_TOKENS);
        assert_eq!(pacer.pauses, 4);
    }

    #[test]
    fn a_cancelled_prompt_keeps_what_it_has() {
        let mut cached = decoder();
        let cancelled = block_on(cached.prompt(&[1; 100], &mut CountingPacer::stopping_after(2)));
        assert_eq!(cancelled.unwrap_err(), DecodeError::Cancelled);
        assert_eq!(fed(&cached), 64);
        block_on(cached.prompt(&[1; 100], &mut CountingPacer::default())).unwrap();
        assert_eq!(fed(&cached), 100);
    }

    #[test]
    fn after_a_fault_the_next_call_starts_afresh() {
        for fault in [
            Fault::Error,
            Fault::Nan,
            Fault::WrongLength,
            Fault::LostCache,
        ] {
            let mut cached = decoder();
            let pacer = &mut CountingPacer::default();
            let good = block_on(cached.prompt(&[1, 2, 3], pacer)).unwrap().best();
            cached.decoder.fail_next(fault);
            assert!(
                block_on(cached.after(&[1, 2, 3, 4], pacer)).is_err(),
                "{fault:?}"
            );
            assert_eq!(
                block_on(cached.prompt(&[1, 2, 3], pacer)).unwrap().best(),
                good,
                "{fault:?}"
            );
        }
    }

    #[test]
    fn a_call_dropped_half_way_does_not_poison_the_cache() {
        use std::task::{Context, Poll, Waker};
        let mut cached = decoder();
        let pacer = &mut CountingPacer::default();
        let good = block_on(cached.prompt(&[1, 2, 3], pacer)).unwrap().best();
        cached.decoder.fail_next(Fault::Hang);
        let mut call = Box::pin(cached.after(&[1, 2, 3, 4], pacer));
        assert!(matches!(
            call.as_mut().poll(&mut Context::from_waker(Waker::noop())),
            Poll::Pending
        ));
        drop(call);
        assert_eq!(
            block_on(cached.prompt(&[1, 2, 3], &mut CountingPacer::default()))
                .unwrap()
                .best(),
            good
        );
    }
}
