//! Every message that crosses a process or worker boundary, and the limits on them.
//!
//! Rust owns these types; `extension/src/generated` is written from them (`scripts/generate`) and a check fails on
//! drift. Enums are tagged by `type`, JSON is camelCase, integers are `u32` or smaller because ts-rs maps `u64` to
//! `bigint`, which JSON cannot carry. An unknown field is ignored; an unknown `type` is an error.

mod assist;
mod audit;
mod autocomplete;
mod calibration;
mod cloud;
mod error;
mod packs;
mod personal;
mod routing;
mod status;
#[cfg(all(test, feature = "typescript"))]
mod typescript;
mod updates;

pub use assist::*;
pub use audit::*;
pub use autocomplete::*;
pub use calibration::*;
pub use cloud::*;
pub use error::*;
pub use packs::*;
pub use personal::*;
pub use routing::*;
pub use status::*;
pub use updates::*;

/// Version of these messages. Peers with different versions tell the user to update instead of guessing.
pub const PROTOCOL_VERSION: u32 = 1;

/// Text before the caret that a request may carry, in UTF-16 code units. More than the model's context can hold.
pub const MAX_BEFORE_UTF16: u32 = 2_000;

/// Text after the caret that a request may carry, in UTF-16 code units: enough to see an overlap with the suggestion.
pub const MAX_AFTER_UTF16: u32 = 400;

/// Text of one `summarize`, in UTF-16 code units. Even if every unit is escaped in JSON, it fits
/// [`MAX_FRAME_BYTES`] together with a whole conversation.
pub const MAX_SUMMARIZE_UTF16: u32 = 140_000;

/// Text of all messages of one `chat` together, in UTF-16 code units.
pub const MAX_CHAT_UTF16: u32 = 32_000;

/// Messages of one `chat`.
pub const MAX_CHAT_MESSAGES: u32 = 100;

/// One native-messaging frame, in bytes, both ways. The browser accepts no more from a host.
pub const MAX_FRAME_BYTES: u32 = 1024 * 1024;

/// Longest permission for a site, in minutes: a working day.
pub const MAX_SCOPE_MINUTES: u32 = 480;

/// Changes of the user in one preview, lifted and added together.
pub const MAX_EDITS: u32 = 200;

/// Words of the user's own list that go with one request.
pub const MAX_OWN_TERMS: u32 = 500;

/// Text of one of them, in UTF-16 code units.
pub const MAX_OWN_TERM_UTF16: u32 = 200;

/// Records of the audit in one answer: well below [`MAX_FRAME_BYTES`].
pub const MAX_AUDIT_RECORDS: u32 = 500;

/// Problems of the audit in one answer.
pub const MAX_AUDIT_PROBLEMS: u32 = 100;

/// Name under which browsers know the host.
pub const HOST_NAME: &str = "app.sotto.host";
