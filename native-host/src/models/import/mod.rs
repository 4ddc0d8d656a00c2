//! Bringing in a model from a folder: look, show, ask, copy, sign, put in place.
//!
//! Nothing of the folder is trusted. Everything is looked at before the question, so that a yes can be kept; everything
//! is copied into a folder that no reader looks at, verified there, and renamed as a whole.

mod describe;
mod genai;
mod graphs;
mod license;
mod plan;
mod shape;
mod template;
mod write;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use super::store::is_named;
use super::{ModelError, ModelStore, Terminal};

pub(super) use write::{Lock, sweep};

/// What the user says about an import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportOptions {
    /// The folder with the export.
    pub dir: PathBuf,
    /// Which graph, where the folder has several; relative to it.
    pub file: Option<PathBuf>,
    /// Name for the model; otherwise that of the folder.
    pub name: Option<String>,
    /// Whether it may write summaries in its own words; otherwise decided by its size.
    pub abstractive: Option<bool>,
    /// The answer is yes.
    pub yes: bool,
}

/// Imports a model; gives its name.
///
/// # Errors
/// [`ModelError`]; nothing is left behind then.
pub fn import(
    options: &ImportOptions,
    store: &ModelStore,
    terminal: &mut Terminal<'_>,
) -> Result<String, ModelError> {
    let plan = plan::plan(options)?;
    let is_taken = |dir: &std::path::Path| is_named(dir, &plan.manifest.name);
    if store.list().iter().any(|listed| is_taken(&listed.dir)) {
        return Err(ModelError::NameTaken(plan.manifest.name));
    }
    describe::describe(&plan, terminal);
    if !options.yes {
        if !terminal.is_interactive {
            return Err(ModelError::NoTerminal);
        }
        if !terminal.confirm("Import it?") {
            return Err(ModelError::Declined);
        }
    }
    let lock = Lock::take(store)?;
    sweep(store, &lock);
    write::write(&plan, store, &lock, terminal)?;
    Ok(plan.manifest.name)
}
