//! Writing files for others to find, with respect for what is there.

use std::fs;
use std::path::{Path, PathBuf};

use sotto_core::pack::sha256;

use super::journal::{Entry, Journal};
use super::{InstallError, Registry};
use crate::models::files;

/// What happened to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Put {
    /// It was there already, as it should be.
    Unchanged,
    /// It is there now.
    Written,
    /// It is there now; what somebody else had put there is kept under this name.
    Kept(PathBuf),
}

/// Puts `bytes` at `path`, noted in the journal first.
pub(super) fn put(
    journal: &mut Journal,
    path: &Path,
    bytes: &[u8],
    mode: u32,
) -> Result<Put, InstallError> {
    let sum = sha256(bytes);
    let entry = Entry::File {
        path: path.into(),
        sha256: sum,
    };
    let mut outcome = Put::Written;
    if let Ok(found) = fs::symlink_metadata(path) {
        let current = match found.is_file() {
            true => Some(files::hash(path)?.1),
            false => None,
        };
        if current == Some(sum) {
            // An older version of us, or a crash before the journal was written: it is what we would write.
            journal.note(entry)?;
            return Ok(Put::Unchanged);
        }
        // A file that is not as we wrote it is somebody's, also where it once was ours.
        if current.is_none() || current != journal.sum(path) {
            outcome = Put::Kept(move_aside(journal, path)?);
        }
    }
    make_folders(journal, path)?;
    journal.note(entry)?;
    files::write_atomically(path, bytes, mode)?;
    Ok(outcome)
}

/// Sets a registry key, noted in the journal first.
pub(super) fn set_key(
    journal: &mut Journal,
    registry: &dyn Registry,
    key: &str,
    value: &str,
) -> Result<(), InstallError> {
    let previous = registry.get(key).filter(|previous| previous != value);
    journal.note(Entry::Registry {
        key: key.into(),
        value: value.into(),
        previous,
    })?;
    registry
        .set(key, value)
        .map_err(|reason| InstallError::Registry {
            key: key.into(),
            reason,
        })
}

/// Renames somebody's file, so that nothing of it is lost.
fn move_aside(journal: &mut Journal, path: &Path) -> Result<PathBuf, InstallError> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let free = (1..u32::MAX)
        .map(|number| path.with_file_name(format!("{name}.before-sotto-{number}")))
        .find(|backup| fs::symlink_metadata(backup).is_err());
    // There are not four thousand million backups.
    let backup = free.unwrap_or_else(|| path.with_extension("before-sotto"));
    journal.note(Entry::Backup {
        path: path.into(),
        backup: backup.clone(),
    })?;
    fs::rename(path, &backup).map_err(InstallError::file(path))?;
    Ok(backup)
}

/// Makes the folders above `path`, noting those that were not there.
fn make_folders(journal: &mut Journal, path: &Path) -> Result<(), InstallError> {
    let missing: Vec<&Path> = path
        .ancestors()
        .skip(1)
        .take_while(|folder| !folder.exists())
        .collect();
    for folder in missing.into_iter().rev() {
        journal.note(Entry::Folder {
            path: folder.into(),
        })?;
        fs::create_dir_all(folder).map_err(InstallError::file(folder))?;
    }
    Ok(())
}
