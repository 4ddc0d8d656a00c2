//! The process that owns ONNX Runtime and the model. It has no network and read-only files, and may die at any moment.

mod link;

pub use link::{FromWorker, LoadedEngine};
