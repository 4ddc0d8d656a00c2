//! The arithmetic of the CPU, on plain slices.
//!
//! `dot` is the only place with `unsafe` code. Everything else is written with `sotto_core::vector`, on every target.

pub(crate) mod attention;
mod dot;
pub(crate) mod elementwise;
pub(crate) mod rounded;
pub(crate) mod tiles;

pub(crate) use dot::Simd;
