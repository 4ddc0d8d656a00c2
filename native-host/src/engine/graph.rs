//! What a graph takes and gives, read from the graph itself.

use ort::session::Session;
use ort::value::{TensorElementType, ValueType};

use super::EngineError;

/// Most key/value pairs that are looked for: more layers than any model that fits has.
const MAX_LAYERS: usize = 256;

/// Inputs and outputs of a decoder graph.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    /// Names of the cache, one entry for each key and each value: input, output.
    pub(crate) cache: Vec<(String, String)>,
    /// Heads of a key or value.
    pub(crate) kv_heads: usize,
    /// Width of a head.
    pub(crate) head_dim: usize,
    /// Positions of a cache of fixed size; `None` if the graph leaves it open.
    pub(crate) cache_len: Option<usize>,
    /// Tokens of one call, if that is fixed.
    pub(crate) tokens: Option<usize>,
    pub(crate) has_attention_mask: bool,
    pub(crate) has_position_ids: bool,
    pub(crate) has_last_index: bool,
    pub(crate) has_use_cache_branch: bool,
}

impl Signature {
    /// Reads the signature of a session.
    ///
    /// # Errors
    /// [`EngineError::Graph`] if it is not a decoder with a cache that we can feed.
    pub(crate) fn of(session: &Session) -> Result<Self, EngineError> {
        let input = |name: &str| {
            session
                .inputs()
                .iter()
                .find(|outlet| outlet.name() == name)
                .map(|outlet| outlet.dtype())
        };
        let has_output = |name: &str| session.outputs().iter().any(|outlet| outlet.name() == name);
        let ids = input("input_ids").ok_or(EngineError::Graph("has no input_ids"))?;
        if !has_output("logits") {
            return Err(EngineError::Graph("has no logits"));
        }
        let mut cache = Vec::new();
        for layer in 0..MAX_LAYERS {
            if input(&format!("past_key_values.{layer}.key")).is_none() {
                break;
            }
            for part in ["key", "value"] {
                let output = format!("present.{layer}.{part}");
                if !has_output(&output) {
                    return Err(EngineError::Graph(
                        "gives back less of its cache than it takes",
                    ));
                }
                cache.push((format!("past_key_values.{layer}.{part}"), output));
            }
        }
        let (name, _) = cache.first().ok_or(EngineError::Graph("has no KV cache"))?;
        let (kv_heads, cache_len, head_dim) = cache_shape(input(name))?;
        let known = [
            "input_ids",
            "attention_mask",
            "position_ids",
            "last_index",
            "use_cache_branch",
        ];
        let is_known =
            |name: &str| known.contains(&name) || cache.iter().any(|(input, _)| input == name);
        if !session
            .inputs()
            .iter()
            .all(|outlet| is_known(outlet.name()))
        {
            return Err(EngineError::Graph("has an input that we do not know"));
        }
        Ok(Self {
            kv_heads,
            head_dim,
            cache_len,
            tokens: fixed(ids, 1),
            has_attention_mask: input("attention_mask").is_some(),
            has_position_ids: input("position_ids").is_some(),
            has_last_index: input("last_index").is_some(),
            has_use_cache_branch: input("use_cache_branch").is_some(),
            cache,
        })
    }
}

/// Heads, positions and width of a cache tensor `[1, heads, positions, width]`.
fn cache_shape(dtype: Option<&ValueType>) -> Result<(usize, Option<usize>, usize), EngineError> {
    let Some(dtype @ ValueType::Tensor { ty, .. }) = dtype else {
        return Err(EngineError::Graph("has a KV cache that is no tensor"));
    };
    if *ty != TensorElementType::Float32 {
        return Err(EngineError::Graph("keeps its KV cache in half precision"));
    }
    match (fixed(dtype, 1), fixed(dtype, 3)) {
        (Some(kv_heads), Some(head_dim)) => Ok((kv_heads, fixed(dtype, 2), head_dim)),
        _ => Err(EngineError::Graph("leaves the size of its heads open")),
    }
}

/// The size of an axis, if it is fixed.
fn fixed(dtype: &ValueType, axis: usize) -> Option<usize> {
    let ValueType::Tensor { shape, .. } = dtype else {
        return None;
    };
    shape
        .get(axis)
        .and_then(|&size| usize::try_from(size).ok())
        .filter(|&size| size > 0)
}
