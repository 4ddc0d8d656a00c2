//! Which packs came by an update, and which of them is in use. `update` writes this, everybody else reads it.
//!
//! **The file is replaced by one rename, and nothing else brings a pack into use.** A folder of a pack that it does not name is
//! looked at by nobody.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sotto_core::pack::Sha256;

use super::{ModelError, files};

/// Version of the file's format.
const FORMAT: u32 = 1;

/// Largest file read, in bytes; a real one has five hundred.
const MAX_STATE_BYTES: u64 = 256 * 1024;

/// Where updates are kept, below the data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatePaths(PathBuf);

impl UpdatePaths {
    /// The places below this data directory.
    pub fn new(home: &Path) -> Self {
        Self(home.join("updates"))
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// What readers may see: [`Self::state`] and the packs. The worker can read this folder and no other of updates.
    pub fn installed(&self) -> PathBuf {
        self.0.join("installed")
    }

    /// Which packs are in use.
    pub fn state(&self) -> PathBuf {
        self.installed().join("state.json")
    }

    /// The folder of a pack.
    pub fn pack(&self, name: &str, version: u32) -> PathBuf {
        self.installed().join(format!("{name}-{version}"))
    }

    /// A pack that is being put together.
    pub fn staging(&self, name: &str, version: u32) -> PathBuf {
        self.all_staging().join(format!("{name}-{version}"))
    }

    /// The folder of those.
    pub fn all_staging(&self) -> PathBuf {
        self.0.join("staging")
    }

    /// Files that are being fetched, by their SHA-256.
    pub fn partial(&self) -> PathBuf {
        self.0.join("partial")
    }

    /// Metadata that was verified last.
    pub fn trust(&self) -> PathBuf {
        self.0.join("trust")
    }

    /// Where `tough` works on a copy of it.
    pub fn scratch(&self) -> PathBuf {
        self.0.join("scratch")
    }

    /// The root of trust that the user named.
    pub fn root(&self) -> PathBuf {
        self.0.join("root.json")
    }

    /// The source that the user named.
    pub fn source(&self) -> PathBuf {
        self.0.join("source.json")
    }

    /// Held while something here is changed.
    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }
}

/// The packs that came by an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateState {
    format: u32,
    /// By the name of the pack.
    pub packs: BTreeMap<String, PackState>,
}

/// One pack.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PackState {
    /// The version in use; none: the one that came with the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<Held>,
    /// The one before, kept for going back; none: the one that came with the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Held>,
    /// Whole and verified, and not in use before its known answer was right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Held>,
    /// What failed here, or what the user went back from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// The newest version that ever was a candidate here: nothing older is taken.
    pub newest: u32,
}

/// A pack on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Its version.
    pub version: u32,
    /// SHA-256 of its manifest.
    pub manifest: Sha256,
}

/// A pack that is not to be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// Which.
    pub pack: Held,
    /// Why, as a sentence.
    pub why: String,
}

impl Default for UpdateState {
    fn default() -> Self {
        Self {
            format: FORMAT,
            packs: BTreeMap::new(),
        }
    }
}

impl UpdateState {
    /// Reads the file. Without one, or with one that cannot be understood, nothing came by an update: the models that came with
    /// the program answer.
    pub fn load(paths: &UpdatePaths) -> Self {
        let json = files::read(&paths.state(), MAX_STATE_BYTES).ok();
        json.and_then(|json| serde_json::from_slice::<Self>(&json).ok())
            .filter(|state| state.format == FORMAT)
            .unwrap_or_default()
    }

    /// Writes the file, all or nothing.
    ///
    /// # Errors
    /// Those of writing.
    pub fn save(&self, paths: &UpdatePaths) -> Result<(), ModelError> {
        let mut json = serde_json::to_vec_pretty(self)
            .map_err(|_| ModelError::Internal("the state of updates cannot be written as JSON"))?;
        json.push(b'\n');
        files::write_atomically(&paths.state(), &json, 0o600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_none() {
        let home = tempfile::tempdir().unwrap();
        let paths = UpdatePaths::new(home.path());
        let mut state = UpdateState::default();
        let held = Held {
            version: 3,
            manifest: Sha256([7; 32]),
        };
        let pack = PackState {
            active: Some(held),
            newest: 3,
            ..PackState::default()
        };
        state.packs.insert("sotto-nano".to_owned(), pack);
        state.save(&paths).unwrap();
        assert_eq!(UpdateState::load(&paths), state);
        for damaged in ["", "{", r#"{"format": 2, "packs": {}}"#] {
            std::fs::write(paths.state(), damaged).unwrap();
            assert_eq!(UpdateState::load(&paths), UpdateState::default());
        }
    }
}
