//! A copy of the program in the data directory, so that what is registered does not go away with a download folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::models::BROWSER;

use super::journal::Journal;
use super::writer::{Put, put};
use super::{InstallError, Platform};

/// Folder of the copy in the data directory.
const PROGRAM: &str = "program";

/// Folders below that are copied; packs have two levels.
const MAX_DEPTH: usize = 4;

/// Copies the program, the libraries beside it and the models beside it, the browser's included; gives the copy's path.
pub(super) fn copy_program(
    journal: &mut Journal,
    platform: &Platform<'_>,
    say: &mut dyn FnMut(String),
) -> Result<PathBuf, InstallError> {
    let to = platform.data.join(PROGRAM);
    let beside = platform.program.parent().unwrap_or(Path::new("."));
    let name = platform.program.file_name().unwrap_or_default();
    if beside == to || fs::canonicalize(&to).is_ok_and(|to| to == beside) {
        return Ok(platform.program.clone());
    }
    let mut sources = vec![(platform.program.clone(), to.join(name))];
    for entry in entries(beside)? {
        let name = entry
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if entry.is_file() && name.contains("onnxruntime") {
            sources.push((entry.clone(), to.join(&name)));
        }
    }
    for folder in ["models", BROWSER] {
        collect(
            &beside.join(folder),
            &to.join(folder),
            MAX_DEPTH,
            &mut sources,
        )?;
    }
    let mut written = 0;
    for (from, to) in sources {
        let bytes = fs::read(&from).map_err(InstallError::file(&from))?;
        if put(journal, &to, &bytes, mode(&from))? != Put::Unchanged {
            written += 1;
        }
    }
    if written > 0 {
        say(format!("copied {written} files to {}", to.display()));
    }
    Ok(to.join(name))
}

/// Every plain file below `from`, and where it goes.
fn collect(
    from: &Path,
    to: &Path,
    depth: usize,
    sources: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), InstallError> {
    if depth == 0 || !from.is_dir() {
        return Ok(());
    }
    for entry in entries(from)? {
        let to = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            collect(&entry, &to, depth - 1, sources)?;
        } else if entry.is_file() {
            sources.push((entry, to));
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, InstallError> {
    let entries = fs::read_dir(folder).map_err(InstallError::file(folder))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(InstallError::file(folder))?;
    paths.sort();
    Ok(paths)
}

/// Programs stay programs.
#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    let found = fs::metadata(path).map(|found| found.permissions().mode());
    if found.is_ok_and(|mode| mode & 0o100 != 0) {
        0o755
    } else {
        0o644
    }
}

#[cfg(not(unix))]
fn mode(_: &Path) -> u32 {
    0o644
}
