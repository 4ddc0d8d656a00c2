//! Training in a process of its own, which reaches no network and writes no file: the texts come in over its pipe, the adapter
//! goes out over it. **It works only when it is told to**: each slice, half a second on two processors, waits for a word of the
//! host's, which gives it only while nobody asks for anything.

mod base;
mod child;
mod parent;
mod pipe;

pub use base::base_of;
pub use child::{ChildOptions, serve};
pub use parent::{ChildCommand, Outcome, Plan, Report, train};
pub use pipe::{FromChild, MAX_PAYLOAD_BYTES, Message, PipeError, ToChild, read, write};

/// Ceiling on the address space of the process that trains: the widened base, two windows' activations, and room.
pub const MEMORY_LIMIT_MIB: u64 = 2_048;
