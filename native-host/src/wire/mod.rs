//! Frames on a byte stream, and the stream that is ours alone.

pub mod frame;
pub mod stdout;
