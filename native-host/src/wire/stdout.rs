//! The wire is standard output, so nothing else may write there.
//!
//! Before any library is loaded, the wire gets a private descriptor, and descriptor 1 becomes a second name for standard
//! error: a driver or an ONNX Runtime plugin that prints can disturb a log, never a frame.

use std::fs::File;
use std::io;

/// Takes standard output away from everybody else and returns it. Call once, first thing.
///
/// # Errors
/// The operating system's.
#[cfg(unix)]
pub fn take() -> io::Result<File> {
    use rustix::io::fcntl_dupfd_cloexec;
    use rustix::stdio::{dup2_stdout, stderr, stdout};

    // Above the standard three, and closed in children: a worker must not be able to write to the browser.
    let wire = fcntl_dupfd_cloexec(stdout(), 3)?;
    dup2_stdout(stderr())?;
    Ok(File::from(wire))
}

/// Takes a private handle of standard output. Windows has no descriptor to redirect without unsafe code; the process
/// that talks to the browser loads no library there, and the worker's standard output is a pipe to us that is read as
/// frames, so a stray print ends the worker with an error instead of reaching the browser.
///
/// # Errors
/// The operating system's.
#[cfg(windows)]
pub fn take() -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}
