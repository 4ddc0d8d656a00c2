//! Training adapters on the CPU: the network forwards and backwards by hand, Adam, held-out text, differential privacy.
//!
//! Behind the feature `train`, which the host has and the browser's build has not. The base stays frozen and is widened to
//! single precision once; only the factors of the adapter are trained. **Why no autodiff:** there is one architecture with six
//! kinds of operations, gradients go to a few hundred thousand numbers, privacy needs them one example at a time, and the
//! host stays free of a tensor library with its devices. Tests compare every gradient with differences of the loss, and
//! the loss with what the decoder that ships says.
//!
//! # Units
//! Losses are in nats, summed over tokens unless they say "per token".

mod attention;
mod backward;
mod base;
mod config;
mod forward;
mod linear;
mod loss;
mod measure;
mod optimizer;
mod parallel;
mod parameters;
mod phrases;
mod private;
mod random;
mod state;
mod trainer;
mod windows;

pub use base::Base;
pub use config::{Privacy, TrainConfig};
pub use measure::measure_nats;
pub use phrases::add_phrases;
pub use state::StateError;
pub use trainer::{SecretBits, StepReport, Trainer};

/// A matrix by rows.
type Matrix = ndarray::Array2<f32>;

#[cfg(test)]
mod tests;
