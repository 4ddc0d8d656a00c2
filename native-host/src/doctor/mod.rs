//! `sotto-host doctor`: what works on this device, what does not, and what to do about it.
//!
//! Looks, and changes nothing. **Shows no text of the user's**: names of files and programs, versions, sums.

mod browsers;
mod memory;
mod model;
mod records;
mod report;
mod store;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

pub use model::try_model;
pub use report::{Finding, Report, Status};

use crate::engine::{ONNX_RUNTIME_VERSION, library_path, verify_library};
use crate::install::Platform;
use crate::models::ModelStore;
use crate::sandbox::{Confinement, Part};

/// Looks at everything. `confine` tries out what the worker's sandbox can enforce here, and comes last, because it may
/// confine this very process; it gives nothing if that is not to be tried.
pub fn examine(
    platform: &Platform<'_>,
    store: &ModelStore,
    confine: impl FnOnce() -> Option<Confinement>,
) -> Report {
    let mut report = Report::default();
    program(platform, &mut report);
    browsers::examine(platform, &mut report);
    runtime(platform, &mut report);
    store::examine(store, &mut report);
    store::compiled(store, &mut report);
    records::examine(&store.paths().home, &mut report);
    memory::examine(platform, store, &mut report);
    if let Some(confinement) = confine() {
        sandbox(&confinement, &mut report);
    }
    report
}

fn program(platform: &Platform<'_>, report: &mut Report) {
    let version = env!("CARGO_PKG_VERSION");
    let path = platform.program.display();
    if is_executable(&platform.program) {
        report.good("program", format!("sotto-host {version}, {path}"));
    } else {
        report.broken(
            "program",
            format!("{path} cannot be started"),
            "install Sotto again",
        );
    }
}

fn runtime(platform: &Platform<'_>, report: &mut Report) {
    let area = "runtime";
    let folder = platform.program.parent().unwrap_or(Path::new("."));
    let library = library_path(folder);
    if !library.exists() {
        report.broken(
            area,
            format!(
                "ONNX Runtime {ONNX_RUNTIME_VERSION} is missing: {}",
                library.display()
            ),
            "install Sotto again; in a checkout: scripts/setup, then scripts/build",
        );
        return;
    }
    match verify_library(&library) {
        Ok(sum) => report.good(
            area,
            format!(
                "ONNX Runtime {ONNX_RUNTIME_VERSION}, {}, sha256 {sum}",
                library.display()
            ),
        ),
        Err(error) => report.broken(area, error.to_string(), "install Sotto again"),
    }
}

fn sandbox(confinement: &Confinement, report: &mut Report) {
    for (what, part) in [
        (
            "the worker has no network and starts no programs",
            &confinement.system_calls,
        ),
        (
            "the worker reads and writes only its own folders",
            &confinement.files,
        ),
        ("the worker's memory is limited", &confinement.memory),
    ] {
        let area = "sandbox";
        match part {
            Part::Enforced => report.good(area, what.into()),
            Part::Partly(why) => report.note(area, format!("{what}, partly: {why}")),
            Part::Absent(why) => report.warn(
                area,
                format!("not so here: {what} ({why})"),
                "nothing has to be done; on Linux a newer kernel helps (Landlock: 5.13, network rules: 6.7)",
            ),
        }
    }
}

/// Whether a browser could start it.
fn is_executable(path: &Path) -> bool {
    let Ok(found) = fs::metadata(path) else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        found.is_file() && found.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    found.is_file()
}
