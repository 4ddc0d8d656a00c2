//! Writing so that a mirror that copies at any moment gets whole files.

use std::fs;
use std::path::Path;

use crate::ReleaseError;

/// Reads a file; nothing if it is not there.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, ReleaseError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ReleaseError::file(path)(error)),
    }
}

/// Puts a file in place by a rename. One with the same bytes is left alone, so that mirrors do not copy it again.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), ReleaseError> {
    if read(path)?.as_deref() == Some(bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(ReleaseError::file(folder))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    fs::write(&fresh, bytes).map_err(ReleaseError::file(&fresh))?;
    fs::rename(&fresh, path).map_err(ReleaseError::file(path))
}
