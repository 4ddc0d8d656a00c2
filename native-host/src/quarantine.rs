//! Execution providers that crashed the worker. Each stays out until its version changes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The list, and the file that keeps it.
#[derive(Debug, Clone, Default)]
pub struct Quarantine {
    file: Option<PathBuf>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    provider: String,
    version: String,
}

impl Quarantine {
    /// Reads the list. A file that is missing or damaged is an empty list: the worst that follows is one more crash.
    pub fn read(file: &Path) -> Self {
        let entries = fs::read(file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self {
            file: Some(file.to_owned()),
            entries,
        }
    }

    /// Whether this version of a provider crashed before.
    pub fn holds(&self, provider: &str, version: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.provider == provider && entry.version == version)
    }

    /// The list that the worker was started with.
    pub fn given(entries: impl IntoIterator<Item = (String, String)>) -> Self {
        let entry = |(provider, version)| Entry { provider, version };
        Self {
            file: None,
            entries: entries.into_iter().map(entry).collect(),
        }
    }

    /// Providers and versions.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries
            .iter()
            .map(|entry| (entry.provider.as_str(), entry.version.as_str()))
    }

    /// Adds a provider; an entry for another version of it is dropped.
    pub fn add(&mut self, provider: String, version: String) {
        self.entries.retain(|entry| entry.provider != provider);
        self.entries.push(Entry { provider, version });
        // Where it cannot be kept, the list still holds for this session.
        let _ = self.write();
    }

    fn write(&self) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let partial = file.with_extension("partial");
        fs::write(&partial, serde_json::to_vec(&self.entries)?)?;
        fs::rename(partial, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_stays_out_until_its_version_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state/quarantine.json");
        let mut quarantine = Quarantine::read(&file);
        quarantine.add("npu".into(), "1.0".into());
        let again = Quarantine::read(&file);
        assert!(again.holds("npu", "1.0"));
        assert!(!again.holds("npu", "1.1"));
        assert!(!again.holds("cpu", "1.0"));
        fs::write(&file, b"{").unwrap();
        assert!(!Quarantine::read(&file).holds("npu", "1.0"));
    }
}
