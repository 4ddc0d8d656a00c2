//! Places where a test lets the process die, as a power cut would.

/// Counts the places that were passed, and ends the process at the one that `SOTTO_TEST_STOP_AT` names. Only in builds with
/// debug assertions; elsewhere this is nothing.
pub(super) fn point(_name: &'static str) {
    #[cfg(debug_assertions)]
    points::pass(_name);
}

#[cfg(debug_assertions)]
mod points {
    use std::io::{self, Write as _};
    use std::sync::atomic::{AtomicU32, Ordering};

    static PASSED: AtomicU32 = AtomicU32::new(0);

    pub(super) fn pass(name: &'static str) {
        let number = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
        let wanted = std::env::var("SOTTO_TEST_STOP_AT").ok();
        if wanted.and_then(|text| text.parse().ok()) != Some(number) {
            return;
        }
        let _ = writeln!(io::stderr(), "stopped at {number}: {name}");
        // Not `abort`: it leaves a core file. Nothing is flushed, unwound or dropped here either.
        #[cfg(unix)]
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort();
    }
}
