//! Uninstalling: what the journal says, and nothing else.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::journal::{Entry, Journal};
use super::{InstallError, Platform};
use crate::models::files;

/// How much goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// What was written for the browsers, and the copy of the program.
    #[default]
    Registration,
    /// Imported models and their key, and those that updates brought, too.
    Models,
    /// Settings and caches, too: everything.
    All,
}

/// Names in the data directory that hold models.
const MODELS: [&str; 3] = ["models", "device-key", "updates"];

/// Names in the data directory that hold the rest. A list, because a data directory that somebody chose may hold more.
const DATA: [&str; 6] = [
    "settings.json",
    "settings.json.broken",
    "quarantine.json",
    "providers.json",
    "compiled",
    "extension-ids",
];

/// Takes back what was written. Doing it twice changes nothing.
///
/// # Errors
/// [`InstallError`]; what could not be removed stays in the journal.
pub fn uninstall(
    extent: Extent,
    platform: &Platform<'_>,
    out: &mut dyn Write,
) -> Result<(), InstallError> {
    let mut say = |line: String| {
        let _ = writeln!(out, "{line}");
    };
    let mut journal = Journal::open(&platform.data)?;
    let entries: Vec<Entry> = journal.entries().to_vec();
    if entries.is_empty() {
        say("nothing is registered".into());
    }
    // The newest first: a backup was noted before the file that took its place, so it returns after that one is gone.
    // Of several backups the first one returns; later ones are versions of our file that somebody edited, and stay.
    for entry in entries
        .iter()
        .rev()
        .filter(|entry| !matches!(entry, Entry::Folder { .. }))
    {
        take_back(entry, platform, &mut say)?;
        journal.forget(entry)?;
    }
    let mut names: Vec<&str> = Vec::new();
    if extent != Extent::Registration {
        names.extend(MODELS);
    }
    if extent == Extent::All {
        names.extend(DATA);
    }
    for name in names {
        let path = platform.data.join(name);
        if remove(&path)? {
            say(format!("removed {}", path.display()));
        }
    }
    for entry in entries.iter().rev() {
        if let Entry::Folder { path } = entry {
            if *path != platform.data && remove_if_empty(path)? {
                say(format!("removed {}", path.display()));
            }
            journal.forget(entry)?;
        }
    }
    if remove(journal.path())? && remove_if_empty(&platform.data)? {
        say(format!("removed {}", platform.data.display()));
    }
    Ok(())
}

fn take_back(
    entry: &Entry,
    platform: &Platform<'_>,
    say: &mut dyn FnMut(String),
) -> Result<(), InstallError> {
    match entry {
        Entry::File { path, sha256 } => match fs::symlink_metadata(path) {
            Ok(found) if found.is_file() && files::hash(path)?.1 == *sha256 => {
                fs::remove_file(path).map_err(InstallError::file(path))?;
                say(format!("removed {}", path.display()));
            }
            Ok(_) => say(format!(
                "left {}: it was changed after it was installed",
                path.display()
            )),
            Err(_) => {}
        },
        Entry::Backup { path, backup } => {
            let is_free = fs::symlink_metadata(path).is_err();
            if is_free && fs::symlink_metadata(backup).is_ok() {
                fs::rename(backup, path).map_err(InstallError::file(backup))?;
                say(format!("put back {}", path.display()));
            }
        }
        Entry::Registry {
            key,
            value,
            previous,
        } => {
            // Somebody else's value stays.
            if platform.registry.get(key).as_ref() == Some(value) {
                let undone = match previous {
                    Some(previous) => platform.registry.set(key, previous),
                    None => platform.registry.remove(key),
                };
                undone.map_err(|reason| InstallError::Registry {
                    key: key.clone(),
                    reason,
                })?;
                say(format!("removed registry key {key}"));
            }
        }
        Entry::Folder { .. } => {}
    }
    Ok(())
}

/// Removes a file or a folder with everything in it; whether there was one. A link goes, not what it leads to.
fn remove(path: &Path) -> Result<bool, InstallError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(false),
    };
    removed.map(|()| true).map_err(InstallError::file(path))
}

fn remove_if_empty(path: &Path) -> Result<bool, InstallError> {
    match fs::remove_dir(path) {
        Ok(()) => Ok(true),
        Err(error) => match error.kind() {
            io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory => Ok(false),
            _ => Err(InstallError::file(path)(error)),
        },
    }
}
