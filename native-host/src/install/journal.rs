//! What was written, so that it can be taken back.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sotto_core::pack::Sha256;

use super::InstallError;
use crate::models::{ModelError, files};

/// Name of the journal in the data directory.
pub(super) const JOURNAL: &str = "installed.json";

/// Largest journal read, in bytes; a real one has a few thousand.
const MAX_JOURNAL_BYTES: u64 = 1 << 20;

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(super) enum Entry {
    /// A folder was made.
    Folder { path: PathBuf },
    /// A file was written.
    File { path: PathBuf, sha256: Sha256 },
    /// Somebody's file was moved out of the way.
    Backup { path: PathBuf, backup: PathBuf },
    /// A registry key was set; what it said before.
    Registry {
        key: String,
        value: String,
        previous: Option<String>,
    },
}

/// The entries, oldest first, and the file that keeps them.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    entries: Vec<Entry>,
}

impl Journal {
    /// The journal in `data`; empty if there is none.
    pub(super) fn open(data: &Path) -> Result<Self, InstallError> {
        let path = data.join(JOURNAL);
        let entries = match files::read(&path, MAX_JOURNAL_BYTES) {
            Ok(json) => serde_json::from_slice(&json)
                .map_err(|_| InstallError::Journal { path: path.clone() })?,
            Err(ModelError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Vec::new()
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { path, entries })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The sum of a file as we wrote it.
    pub(super) fn sum(&self, path: &Path) -> Option<Sha256> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::File {
                path: noted,
                sha256,
            } if noted == path => Some(*sha256),
            _ => None,
        })
    }

    /// Notes an entry, durably. One about the same file or key takes the place of the older one, but what was there
    /// before us stays what was there before us.
    pub(super) fn note(&mut self, entry: Entry) -> Result<(), InstallError> {
        let same = |other: &Entry| match (&entry, other) {
            (Entry::Folder { path: a }, Entry::Folder { path: b })
            | (Entry::File { path: a, .. }, Entry::File { path: b, .. }) => a == b,
            (Entry::Backup { backup: a, .. }, Entry::Backup { backup: b, .. }) => a == b,
            (Entry::Registry { key: a, .. }, Entry::Registry { key: b, .. }) => a == b,
            _ => false,
        };
        match self.entries.iter().position(same) {
            Some(at) if self.entries[at] == entry => return Ok(()),
            Some(at) => {
                let previous = match &self.entries[at] {
                    Entry::Registry { previous, .. } => previous.clone(),
                    _ => None,
                };
                self.entries[at] = match entry {
                    Entry::Registry { key, value, .. } => Entry::Registry {
                        key,
                        value,
                        previous,
                    },
                    other => other,
                };
            }
            None => self.entries.push(entry),
        }
        self.write()
    }

    /// Forgets an entry that was taken back.
    pub(super) fn forget(&mut self, entry: &Entry) -> Result<(), InstallError> {
        self.entries.retain(|other| other != entry);
        self.write()
    }

    fn write(&self) -> Result<(), InstallError> {
        let mut json = serde_json::to_vec_pretty(&self.entries).map_err(|_| {
            ModelError::Internal("the list of what was installed cannot be written")
        })?;
        json.push(b'\n');
        Ok(files::write_atomically(&self.path, &json, 0o600)?)
    }
}
