//! The record of what was sent, refused and agreed to: a chain of hashes, so that a change shows.
//!
//! **No text is ever in it**: hashes, counts, sizes, addresses of endpoints, and words of closed sets ([`crate::code::Code`]).
//!
//! ```text
//! hash(n) = SHA-256("sotto-audit-v1\0" ‖ hash(n-1) ‖ canonical JSON of { atS, event, sequence })
//! ```
//!
//! The chain shows every change to a record that is not followed by making all later ones anew, and every record that is
//! missing, doubled or out of its place. Against cutting records off at the end, and against a chain that was made anew from
//! some record on, the newest hash has to be kept elsewhere: [`verify`] takes it as the expected head.

mod canonical;
mod chain;
mod endpoint;
mod event;
mod verify;

pub use chain::{Head, Record, append};
pub use endpoint::{Endpoint, NoEndpoint};
pub use event::Event;
pub use verify::{Problem, Verdict, verify, verify_noted};

#[cfg(test)]
mod tests;
