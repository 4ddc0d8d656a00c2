//! Sotto's language model: a Llama-architecture decoder.
//!
//! Reads Hugging Face `config.json`, `safetensors` and `tokenizer.json`, runs on the CPU in plain Rust (`cpu`) and, with
//! the feature `webgpu`, in burn on WebGPU; implements `sotto_core`'s `Decoder`. INT8 weights stay INT8 in memory on both.
//! burn types stay inside this crate except for what is in [`Device`], which callers only pass on.
//!
//! An [`Adapter`] changes what the model says at run time. Making one is the feature `train`, which no build for the browser has.
//!
//! Loading checks everything that a file can get wrong ([`LmError`]); after it, no operation depends on the files.

mod adapter;
mod cache;
mod config;
mod cpu;
mod decoder;
mod device;
mod draft;
mod error;
mod half;
mod kernels;
mod load;
mod model;
mod network;
mod ngrams;
mod rope;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "webgpu")]
mod webgpu;
mod weights;

pub use adapter::{
    ADAPTER_FORMAT, Adapter, AdapterError, AdapterInfo, Factors, MAX_ADAPTER_BYTES, MAX_RANK, Slot,
    Target,
};
pub use cache::KvCache;
pub use config::LlamaConfig;
pub use decoder::LlamaDecoder;
pub use device::{Device, flex_device};
#[cfg(feature = "webgpu")]
pub use device::{Kernels, webgpu_device};
pub use error::LmError;
pub use load::{LlamaCompleter, load_completer};
pub use model::Llama;
pub use weights::Weights;
