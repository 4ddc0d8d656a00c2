//! Counts of what happened, on the device and for the user's own eyes: how fast, how often, and why not.
//!
//! Nothing here is ever sent. An export that the user starts by hand adds noise ([`Telemetry::export`]), so that no single
//! request can be told from it. Keys are words of closed sets ([`crate::code::Code`]), so no text can become one.

mod counters;
mod export;
mod histogram;
mod noise;
mod view;

pub use counters::{LatencyEntry, MemoryEntry, Observation, ReasonEntry, Telemetry, VersionEntry};
pub use export::{Export, ExportedCount, SENSITIVITY, Schema};
pub use histogram::Histogram;
pub use noise::{Epsilon, EpsilonRange, discrete_laplace};
pub use view::{LatencyView, MemoryView, TelemetryView};

#[cfg(test)]
mod tests;
