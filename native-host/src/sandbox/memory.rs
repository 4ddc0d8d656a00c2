//! The ceiling on the worker's memory.

use super::Part;

/// Limits the address space. ONNX Runtime's own limit is not kept by its CPU provider; this one makes an allocation fail,
/// which it reports as an error.
#[cfg(unix)]
pub(super) fn limit(bytes: u64) -> Part {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    match setrlimit(Resource::As, limit) {
        Ok(()) => Part::Enforced,
        Err(error) => Part::Absent(format!("the system refused the limit: {error}")),
    }
}

/// A Job Object needs a handle made by the broker around the worker; the broker's side does it.
#[cfg(not(unix))]
pub(super) fn limit(_bytes: u64) -> Part {
    Part::Absent("not built for this platform yet".to_owned())
}
