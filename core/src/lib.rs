//! Sotto's pure rules: what may be asked, shown, stored and trusted.
//!
//! No I/O, clock, threads, burn, ort or JavaScript: time, randomness and settings come in as arguments, so that
//! every rule can be tested natively and runs the same in the browser and in the host.

pub mod assist;
pub mod audit;
pub mod autocomplete;
pub mod backend;
pub mod code;
pub mod consent;
pub mod decode;
pub mod generate;
pub mod pack;
pub mod policy;
pub mod privacy;
pub mod prompt;
pub mod protocol;
pub mod redact;
pub mod suggestion;
pub mod summary;
pub mod telemetry;
#[cfg(any(test, feature = "test-support"))]
pub mod test_support;
pub mod text;
pub mod vector;
