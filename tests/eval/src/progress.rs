//! A line on stderr now and then, so that a long run can be told from a stuck one.

use std::io::Write as _;
use std::time::{Duration, Instant};

/// Between two lines.
const EVERY: Duration = Duration::from_secs(15);

/// Progress of one task.
pub(crate) struct Progress {
    what: &'static str,
    total: usize,
    done: usize,
    started: Instant,
    told: Instant,
}

impl Progress {
    pub(crate) fn new(what: &'static str, total: usize) -> Self {
        let now = Instant::now();
        Self {
            what,
            total,
            done: 0,
            started: now,
            told: now,
        }
    }

    /// Counts one.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        if self.told.elapsed() < EVERY {
            return;
        }
        self.told = Instant::now();
        let seconds = self.started.elapsed().as_secs_f64();
        let left = seconds / self.done as f64 * (self.total.saturating_sub(self.done)) as f64;
        let _ = writeln!(
            std::io::stderr(),
            "{}: {} of {}, about {left:.0} s left",
            self.what,
            self.done,
            self.total
        );
    }
}
