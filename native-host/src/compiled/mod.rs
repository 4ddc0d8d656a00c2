//! Graphs that a provider compiled for an accelerator, kept between starts: compiling takes seconds to minutes.
//!
//! **A provider loads whatever it compiled once, also if it was changed since, and then computes wrong tokens.** So nothing
//! is loaded that was not vouched for: beside each graph lies a statement of what it was made from, with the graph's
//! SHA-256, signed with this device's key. The worker, which compiles and writes the graph, cannot read that key; it tells
//! the broker, and the broker signs only what fits the model in use and a provider that the user added. A graph that
//! is changed, cut short, not signed, or made from another model, by another provider or with other options, is compiled
//! again, and the reason is told.

mod record;
mod seal;
mod store;

#[cfg(test)]
mod tests;

pub use record::{Binding, Statement};
pub use seal::{SealError, seal};
pub use store::{CompiledCache, Draft, Found, Miss, forget_model, survey};

use std::path::{Path, PathBuf};

/// The folder in the data directory: the only one that a worker may write.
pub fn folder(home: &Path) -> PathBuf {
    home.join("compiled")
}

/// Largest compiled graph; a larger one is compiled at each start.
const MAX_GRAPH_BYTES: u64 = 2 << 30;
