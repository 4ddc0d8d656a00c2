//! From the three files of a model to a completer, in one call.

use sotto_core::autocomplete::Completer;
use sotto_core::pack::BlobBytes;
use sotto_core::suggestion::SuggestionSettings;
use sotto_tokenizer::HfTokenizer;

use crate::{Device, Llama, LlamaConfig, LlamaDecoder, LmError, Weights};

/// The hot path with this crate's decoder and tokenizer.
pub type LlamaCompleter = Completer<LlamaDecoder, HfTokenizer>;

/// Loads a model. `config`, `tokenizer` and `weights` are the contents of `config.json`, `tokenizer.json` and
/// `model.safetensors`, already verified; `context_tokens` is the size of the KV cache.
///
/// # Errors
/// [`LmError`], with the code of the part that is wrong.
pub fn load_completer(
    config: &[u8],
    tokenizer: &[u8],
    weights: impl BlobBytes + 'static,
    context_tokens: usize,
    settings: SuggestionSettings,
    device: &Device,
) -> Result<LlamaCompleter, LmError> {
    let config = LlamaConfig::from_json(config)?;
    let tokenizer = HfTokenizer::from_json(tokenizer, config.vocabulary())?;
    let model = Llama::load(&config, Weights::from_safetensors(weights)?, device)?;
    let decoder = LlamaDecoder::new(model, context_tokens)?;
    Completer::new(decoder, tokenizer, settings)
        .map_err(|error| LmError::Completer(Box::new(error)))
}
