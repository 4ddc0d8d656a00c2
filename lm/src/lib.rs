//! Sotto's language model: a Llama-architecture decoder.
//!
//! Reads Hugging Face `config.json`, `safetensors` and `tokenizer.json`, runs on the CPU in plain Rust (`cpu`) and, with
//! the feature `webgpu`, in burn on WebGPU; implements `sotto_core`'s `Decoder`. INT8 weights stay INT8 in memory on both.
//! burn types stay inside this crate except for what is in [`Device`], which callers only pass on.
//!
//! Loading checks everything that a file can get wrong ([`LmError`]); after it, no operation depends on the files.

mod cache;
mod config;
mod cpu;
mod decoder;
mod device;
mod error;
mod kernels;
mod load;
mod model;
mod network;
mod rope;
#[cfg(feature = "webgpu")]
mod webgpu;
mod weights;

pub use cache::KvCache;
pub use config::LlamaConfig;
pub use decoder::LlamaDecoder;
#[cfg(feature = "webgpu")]
pub use device::webgpu_device;
pub use device::{Device, flex_device};
pub use error::LmError;
pub use load::{LlamaCompleter, load_completer};
pub use model::Llama;
pub use weights::Weights;
