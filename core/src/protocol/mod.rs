//! Every message that crosses a process or worker boundary, and the limits on them.
//!
//! Rust owns these types; `extension/src/generated` is written from them (`scripts/generate`) and a check fails on
//! drift. Enums are tagged by `type`, JSON is camelCase, integers are `u32` or smaller because ts-rs maps `u64` to
//! `bigint`, which JSON cannot carry. An unknown field is ignored; an unknown `type` is an error.

mod autocomplete;
mod calibration;
mod error;
mod status;
#[cfg(all(test, feature = "typescript"))]
mod typescript;

pub use autocomplete::*;
pub use calibration::*;
pub use error::*;
pub use status::*;

/// Version of these messages. Peers with different versions tell the user to update instead of guessing.
pub const PROTOCOL_VERSION: u32 = 1;

/// Text before the caret that a request may carry, in UTF-16 code units. More than the model's context can hold.
pub const MAX_BEFORE_UTF16: u32 = 2_000;

/// Text after the caret that a request may carry, in UTF-16 code units: enough to see an overlap with the suggestion.
pub const MAX_AFTER_UTF16: u32 = 400;
