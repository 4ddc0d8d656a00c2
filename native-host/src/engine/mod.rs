//! The language model on ONNX Runtime. ort's types stay inside this module.

mod accelerator;
mod candidate;
mod decoder;
mod error;
mod fixed_cache;
mod graph;
mod growing_cache;
mod load;
mod mapped;
mod placement;
mod runtime;
mod shared_cache;
mod source;
mod tensors;
mod trial;

pub use candidate::Candidate;

pub use decoder::OrtDecoder;
pub use error::EngineError;
pub use load::{Conditions, Loaded, load};
pub use placement::Placement;
pub use runtime::{ONNX_RUNTIME_VERSION, Runtime, library_path, verify_library};
pub use source::ModelSource;
