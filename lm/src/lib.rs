//! Sotto's language model: a Llama-architecture decoder in burn.
//!
//! Reads Hugging Face `config.json`, `safetensors` and `tokenizer.json`, runs on burn's CPU backend (`flex`) and,
//! with the feature `webgpu`, on WebGPU; implements `sotto_core`'s `Decoder`. INT8 weights stay INT8
//! in memory on both. burn types stay inside this crate except for [`Device`], which callers only pass on.
//!
//! Loading checks everything that a file can get wrong ([`LmError`]); after it, no operation depends on the files.

mod cache;
mod config;
mod decoder;
mod device;
mod error;
mod kernels;
mod load;
mod network;
mod ops;
mod weights;

pub use burn::tensor::Device;
pub use cache::KvCache;
pub use config::LlamaConfig;
pub use decoder::LlamaDecoder;
pub use device::flex_device;
#[cfg(feature = "webgpu")]
pub use device::webgpu_device;
pub use error::LmError;
pub use load::{LlamaCompleter, load_completer};
pub use network::Llama;
pub use weights::Weights;
