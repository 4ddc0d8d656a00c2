//! Binary patches: from a blob of a pack that is there to one that is wanted.
//!
//! **A patch is never trusted.** It says what it applies to and how long its result is before anything is unpacked; whoever
//! applies it knows from a signed manifest what the result must be, and gets exactly that or an error. A patch that unpacks
//! to more than the manifest says (a patch bomb) is stopped at that length.
//!
//! Two methods, because blobs change in two ways. Text and graphs get pieces inserted: zstd with the old blob as its
//! dictionary finds what moved. Weights change a little everywhere, where a dictionary finds nothing: there the *difference*
//! of each number is stored, tensor by tensor. [`make`] tries both and keeps the smaller one. Neither is of use for WebAssembly,
//! which gets whole packs from the host, so this is a crate of its own and `core` stays free of C code.

mod apply;
mod error;
mod header;
mod layout;
mod make;

pub use apply::apply;
pub use error::PatchError;
pub use header::{HEADER_BYTES, Header, Method};
pub use make::make;

/// Largest blob that is patched, in bytes. Old blob, difference and result lie in memory together; larger blobs are fetched
/// whole.
pub const MAX_BLOB_BYTES: u32 = 512 * 1024 * 1024;

/// Largest window that a patch may make the decompressor keep, as a power of two: 512 MiB, the largest blob.
const MAX_WINDOW_LOG: u32 = 29;
