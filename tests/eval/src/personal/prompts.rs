//! Bits per byte as the product reads: a prompt begins with the end-of-text token and grows from what a cut leaves to the most
//! that it may have.

use sotto_core::decode::Tokenizer as _;
use sotto_core::pack::Manifest;
use sotto_tokenizer::HfTokenizer;

use crate::error::EvalError;
use crate::language::Predictor;

/// -log2 p of every token of `text`, over its bytes.
pub(super) fn bits_per_byte(
    predictor: &mut impl Predictor,
    tokenizer: &HfTokenizer,
    text: &str,
    manifest: &Manifest,
) -> Result<f64, EvalError> {
    let longest = manifest.suggestion.prompt_tokens as usize;
    let left = manifest.suggestion.prompt_tokens_after_cut as usize;
    let ids = tokenizer.encode(text)?;
    let mut nats = 0.0;
    let (mut start, mut counted) = (0, 0);
    while counted < ids.len() {
        let end = (start + longest).min(ids.len());
        let prompt = [&[tokenizer.end_of_text()], &ids[start..end]].concat();
        let positions = predictor.predict(&prompt)?;
        nats += positions[counted - start..]
            .iter()
            .map(|position| position.nats)
            .sum::<f64>();
        counted = end;
        start = end.saturating_sub(left);
    }
    Ok(nats / std::f64::consts::LN_2 / text.len() as f64)
}
