//! Whether a graph is a decoder that can be fed here, and how.

use std::path::Path;

use sotto_core::pack::GraphShape;

use crate::models::onnx::{Dimension, GraphFile, Port};
use crate::models::{DecoderConfig, ModelError};

/// Inputs besides the cache that the engine knows how to fill.
const KNOWN_INPUTS: [&str; 6] = [
    "input_ids",
    "attention_mask",
    "position_ids",
    "use_cache_branch",
    "num_logits_to_keep",
    "last_index",
];

/// The shape of a graph, and its tokens per call if they are fixed.
///
/// # Errors
/// [`ModelError::Shape`] with what keeps it from being a decoder with the sizes of `config`.
pub(super) fn shape_of(
    file: &GraphFile,
    path: &Path,
    config: &DecoderConfig,
) -> Result<(GraphShape, u32), ModelError> {
    classify(file, config).map_err(|reason| ModelError::Shape {
        path: path.into(),
        reason,
    })
}

fn classify(file: &GraphFile, config: &DecoderConfig) -> Result<(GraphShape, u32), &'static str> {
    let ids = file
        .input("input_ids")
        .ok_or("has no input named input_ids")?;
    if !file.has_output("logits") {
        return Err("has no output named logits");
    }
    let (cache, others): (Vec<&Port>, Vec<&Port>) = file
        .inputs
        .iter()
        .partition(|port| port.name.starts_with("past_key_values."));
    if cache.is_empty() {
        return Err("has no cache: export the decoder with past key values, merged into one graph");
    }
    if others
        .iter()
        .any(|port| !KNOWN_INPUTS.contains(&port.name.as_str()))
    {
        return Err("wants inputs that no plain decoder has");
    }
    for layer in 0..config.layers {
        for part in ["key", "value"] {
            let name = format!("past_key_values.{layer}.{part}");
            let past = cache.iter().find(|port| port.name == name);
            let past = past.ok_or("has fewer layers than config.json says")?;
            if !file.has_output(&format!("present.{layer}.{part}")) {
                return Err("does not give its cache back");
            }
            check_cache(past, config)?;
        }
    }
    if cache.len() as u64 != 2 * u64::from(config.layers) {
        return Err("has more layers than config.json says");
    }
    Ok(match ids.dimensions.as_slice() {
        [Dimension::Fixed(_), Dimension::Fixed(tokens)] => (GraphShape::Static, *tokens),
        _ if file.has_gqa => (GraphShape::Gqa, 0),
        _ => (GraphShape::Merged, 0),
    })
}

/// `[batch, kv_heads, positions, head_dim]`; a free dimension fits anything.
fn check_cache(past: &Port, config: &DecoderConfig) -> Result<(), &'static str> {
    let fits = |at: usize, size| match past.dimensions.get(at) {
        Some(Dimension::Fixed(found)) => *found == size,
        Some(Dimension::Free) => true,
        None => false,
    };
    if past.dimensions.len() == 4 && fits(1, config.kv_heads) && fits(3, config.head_dim) {
        Ok(())
    } else {
        Err("has a cache of another size than config.json says")
    }
}
