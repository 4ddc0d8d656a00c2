//! The known-answer test of a pack that an update brought, before it comes into use.

use std::fs;
use std::path::Path;

use sotto_core::pack::trusted_keys;
use sotto_core::protocol::WireError;

use super::WorkerSettings;
use super::model::Model;
use crate::compiled;
use crate::models::{Installed, Origin};
use crate::sandbox::confine;

/// Loads the pack in this folder, confined as a worker is, on the processor alone.
///
/// # Errors
/// Why it cannot be used.
pub(crate) fn try_pack(settings: &WorkerSettings, pack: &Path) -> Result<(), WireError> {
    let _ = fs::create_dir_all(compiled::folder(&settings.home));
    let mut access = settings.access();
    access.read.push(pack.to_owned());
    confine(&access, settings.memory_limit_bytes);
    let installed = Installed::open(pack, Origin::Updated, &trusted_keys())
        .map_err(|error| WireError::new(&error))?;
    Model::try_on_cpu(settings, &installed)
        .map(|_| ())
        .map_err(|error| WireError::new(&error))
}
