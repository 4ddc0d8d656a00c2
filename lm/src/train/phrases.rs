//! The person's own phrases, beside the factors.

use std::sync::Arc;

use sotto_core::pack::Sha256;

use super::measure_nats;
use crate::ngrams::Ngrams;
use crate::{Adapter, Factors, LlamaDecoder, LmError};

/// Strengths that are tried, [`Ngrams::count`].
const STRENGTHS: [f32; 3] = [0.1, 0.2, 0.3];

/// The factors with a table of the token sequences of `documents`, at the strength that suits `held_out` best, or without one if none
/// does; and what `held_out` costs then, in nats, by the decoder that ships. The decoder keeps the adapter.
///
/// Counts hide nobody's text: not for a training with privacy.
///
/// # Errors
/// As [`measure_nats`] and [`Adapter::new`].
pub async fn add_phrases(
    factors: Factors,
    (decoder, base): (&mut LlamaDecoder, &Sha256),
    documents: &[Vec<u32>],
    held_out: &[Vec<u32>],
) -> Result<(Factors, f64), LmError> {
    let vocab = decoder.config().vocab_size;
    let mut best = (
        factors.clone(),
        nats(&factors, decoder, base, held_out).await?,
    );
    for strength in STRENGTHS {
        let Some(table) = Ngrams::count(documents, vocab, strength) else {
            break;
        };
        let changed = factors.clone().with_ngrams(Some(table));
        let cost = nats(&changed, decoder, base, held_out).await?;
        if cost < best.1 {
            best = (changed, cost);
        }
    }
    Ok(best)
}

/// What a text costs with an adapter.
async fn nats(
    factors: &Factors,
    decoder: &mut LlamaDecoder,
    base: &Sha256,
    text: &[Vec<u32>],
) -> Result<f64, LmError> {
    let adapter = Adapter::new(factors, decoder.config(), base)?;
    decoder.set_adapter(Some(Arc::new(adapter)))?;
    measure_nats(decoder, text).await
}
