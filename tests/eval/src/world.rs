//! The world of a request that nobody interrupts.

use std::time::Instant;

use sotto_core::assist::{Env, Step};
use sotto_core::autocomplete::Pacer;

/// Lets every request run to its end and keeps what it says.
#[derive(Debug)]
pub(crate) struct World {
    started: Instant,
    /// The answer so far.
    pub(crate) text: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            text: String::new(),
        }
    }
}

impl Pacer for World {
    async fn pause(&mut self) -> bool {
        true
    }
}

impl Env for World {
    fn now_ms(&self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1e3
    }

    fn emit(&mut self, step: Step<'_>) {
        if let Step::Delta(text) = step {
            self.text.push_str(text);
        }
    }
}
