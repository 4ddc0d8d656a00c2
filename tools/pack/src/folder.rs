//! Reading and replacing the files of a pack.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::ToolError;

/// Name of the manifest.
pub(crate) const MANIFEST: &str = "manifest.json";
/// Name of its signature.
pub(crate) const SIGNATURE: &str = "manifest.sig";
/// Name of the folder with the blobs.
pub(crate) const BLOBS: &str = "blobs";

/// Reads a file of at most `max_bytes`. The length is checked before anything is allocated.
pub(crate) fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>, ToolError> {
    let failed = |source| ToolError::File {
        path: path.into(),
        source,
    };
    let file = fs::File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    if bytes > max_bytes {
        return Err(ToolError::FileTooLarge {
            path: path.into(),
            bytes,
        });
    }
    let mut read = Vec::new();
    file.take(max_bytes)
        .read_to_end(&mut read)
        .map_err(failed)?;
    Ok(read)
}

/// Paths in a folder, sorted.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, ToolError> {
    let failed = |source| ToolError::File {
        path: folder.into(),
        source,
    };
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    paths.sort();
    Ok(paths)
}

/// Writes `files` (relative path, bytes) into a new folder beside `out` and puts it in `out`'s place, so that a half
/// written pack is never seen. Something that is no pack is not replaced.
pub(crate) fn replace(out: &Path, files: &[(PathBuf, &[u8])]) -> Result<(), ToolError> {
    if out.exists() && !list(out)?.iter().all(|path| is_pack_entry(path)) {
        return Err(ToolError::NotAPack { path: out.into() });
    }
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = out.with_file_name(name);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ToolError::File { path, source }
    };
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(failed(&fresh))?;
    }
    for (relative, bytes) in files {
        let path = fresh.join(relative);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        fs::write(&path, bytes).map_err(failed(&path))?;
    }
    if out.exists() {
        fs::remove_dir_all(out).map_err(failed(out))?;
    }
    fs::rename(&fresh, out).map_err(failed(out))
}

/// Whether a path at the top of a pack belongs there.
fn is_pack_entry(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        [MANIFEST, SIGNATURE, BLOBS]
            .iter()
            .any(|known| name == *known)
    })
}
