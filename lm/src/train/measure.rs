//! What a text costs, by the decoder that ships.

use sotto_core::decode::Decoder as _;
use sotto_core::vector::{exp_sums, max};

use crate::{LlamaDecoder, LmError};

/// Nats of all tokens of `documents`, each behind an end-of-text token, in windows of the decoder's capacity that do not overlap.
/// Whatever the decoder held before is gone.
///
/// # Errors
/// As [`LlamaDecoder::prefill_all`].
pub async fn measure_nats(
    decoder: &mut LlamaDecoder,
    documents: &[Vec<u32>],
) -> Result<f64, LmError> {
    let vocab = decoder.vocab_size();
    let capacity = decoder.capacity();
    let mut nats = 0.0;
    for document in documents {
        let mut ids = vec![decoder.config().end_of_text];
        ids.extend(document);
        for start in (0..ids.len() - 1).step_by(capacity) {
            let end = (start + capacity).min(ids.len() - 1);
            decoder.truncate(0);
            let logits = decoder.prefill_all(&ids[start..end]).await?;
            let targets = &ids[start + 1..=end];
            for (logits, &target) in logits.chunks_exact(vocab).zip(targets) {
                let largest = max(logits);
                let (total, _) = exp_sums(logits, largest);
                nats += f64::from(total.ln()) + f64::from(largest - logits[target as usize]);
            }
        }
    }
    decoder.truncate(0);
    Ok(nats)
}
