//! The arithmetic of the CPU backend, on plain slices: no burn types, no allocation that outlives a call.
//!
//! `int8_simd` is the only module of the workspace with `unsafe` code. Everything else is written in fixed-width
//! lanes, which the compiler turns into vector instructions on every target.

pub(crate) mod attention;
pub(crate) mod elementwise;
pub(crate) mod int8;
mod int8_simd;
pub(crate) mod lanes;
