//! The process that owns ONNX Runtime and the model. It has no network and read-only files, and may die at any moment.

mod cancel;
mod format;
mod gauge;
mod link;
mod model;
mod output;
mod serve;
mod trial;

pub use link::{FromWorker, LoadedEngine};
pub use serve::{WorkerSettings, serve};
pub(crate) use trial::try_pack;
