//! The ceiling on the worker's memory. ONNX Runtime's own limit is not kept by its CPU provider; this one makes an
//! allocation fail, which it reports as an error.

use std::hint::black_box;

use super::Part;

/// Sets the ceiling, and tries whether it holds: macOS, for one, has accepted limits that it did not keep.
pub(super) fn limit(bytes: u64) -> Part {
    if let Err(why) = set(bytes) {
        return Part::Absent(format!("the system refused the limit: {why}"));
    }
    if is_kept(bytes) {
        Part::Enforced
    } else {
        Part::Absent("the system accepts a limit and does not keep it".to_owned())
    }
}

/// Whether the system refuses an allocation as large as the ceiling. It is never written to, so it takes no memory.
fn is_kept(bytes: u64) -> bool {
    let Ok(bytes) = usize::try_from(bytes) else {
        // More than an address can say.
        return true;
    };
    let mut probe = Vec::<u8>::new();
    let refused = probe.try_reserve_exact(bytes).is_err();
    // An allocation that nobody looks at is one that the compiler leaves out.
    black_box(&probe);
    refused
}

/// Limits the address space.
#[cfg(unix)]
fn set(bytes: u64) -> Result<(), rustix::io::Errno> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    setrlimit(Resource::As, limit)
}

/// Limits what the process may commit: it puts itself into a job, which it cannot leave, and which lasts as long as it does.
/// A job of the browser's around the host is no obstacle: jobs nest.
#[cfg(windows)]
fn set(bytes: u64) -> std::io::Result<()> {
    super::windows::enter_job(bytes)
}
