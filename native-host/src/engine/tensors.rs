//! Small inputs, and logits out of what a run gave.

use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::{Session, SessionOutputs};
use ort::value::Tensor;

use super::EngineError;
use super::graph::Signature;

/// Values in a page of memory of 4 KiB.
const PAGE_VALUES: usize = 1024;

/// `[1, n]` of 64-bit integers.
pub(crate) fn row(values: impl Iterator<Item = i64>) -> Result<Tensor<i64>, EngineError> {
    let values: Vec<i64> = values.collect();
    Tensor::from_array(([1, values.len()], values)).map_err(EngineError::ort("making an input"))
}

/// An empty cache tensor `[1, heads, positions, width]`, in memory that a session may read and write in place.
pub(crate) fn cache_tensor(
    session: &Session,
    signature: &Signature,
    positions: usize,
) -> Result<Tensor<f32>, EngineError> {
    let shape = [1, signature.kv_heads, positions, signature.head_dim];
    let mut tensor = Tensor::<f32>::new(session.allocator(), shape)
        .map_err(EngineError::ort("allocating the KV cache"))?;
    // Memory comes as it is; a NaN in a place that is masked out would still spread through 0 x NaN. Large pieces mostly come
    // fresh from the system, all zeros, and take no memory until they are written: so only what is no zero is made one.
    for values in tensor.extract_tensor_mut().1.chunks_mut(PAGE_VALUES) {
        if values.iter().any(|value| value.to_bits() != 0) {
            values.fill(0.0);
        }
    }
    Ok(tensor)
}

/// Ordinary memory.
pub(crate) fn cpu_memory() -> Result<MemoryInfo<'static>, EngineError> {
    MemoryInfo::new(
        AllocationDevice::CPU,
        0,
        AllocatorType::Device,
        MemoryType::Default,
    )
    .map_err(EngineError::ort("describing memory"))
}

/// The last row of `logits`, which are `[1, n, vocabulary]` with n >= 1.
pub(crate) fn last_logits(
    outputs: &SessionOutputs<'_>,
    vocab_size: usize,
) -> Result<Vec<f32>, EngineError> {
    let logits = outputs
        .get("logits")
        .ok_or(EngineError::Graph("gave no logits"))?;
    let (shape, values) = logits
        .try_extract_tensor::<f32>()
        .map_err(EngineError::ort("reading the logits"))?;
    let width = shape.last().and_then(|&width| usize::try_from(width).ok());
    match (width, values.len().checked_sub(vocab_size)) {
        (Some(width), Some(start)) if width == vocab_size => Ok(values[start..].to_vec()),
        _ => Err(EngineError::Graph("gave logits for another vocabulary")),
    }
}
