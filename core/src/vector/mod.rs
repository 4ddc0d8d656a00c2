//! Arithmetic on slices of floats in vector registers, for what is done to every logit and every activation.

mod f32x4;
mod lanes;

pub use f32x4::{F32x4, LANES, ROUNDER, exp};
pub use lanes::{are_finite, argmax, dot, exp_all, exp_sums, max, max_abs};
