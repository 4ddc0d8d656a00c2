//! Execution providers that the user added: libraries from a vendor that make ONNX Runtime run on an NPU.
//!
//! Nothing unverified is loaded: adding one records the SHA-256 of every file beside the library, and each start compares
//! them all before the library is loaded. A provider that was updated has to be added again, by the user.
//!
//! A Python wheel puts the libraries that it brings along into a folder of its own, `NAME.libs` beside `NAME` (auditwheel on
//! Linux, delvewheel on Windows). Where there is one, it belongs to the provider, too.

mod command;

pub use command::ProviderCommand;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sotto_core::pack::{Sha256, sha256};

use crate::models::{ModelError, files};

/// Most files beside a library; Qualcomm's package has 60.
const MAX_FILES: usize = 500;

/// Largest list, in bytes.
const MAX_LIST_BYTES: u64 = 1024 * 1024;

/// One library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// Name under which it is registered with ONNX Runtime.
    pub name: String,
    /// The library.
    pub library: PathBuf,
    /// SHA-256 of every file in the library's folders: a provider loads its neighbours by itself. By name, or
    /// `../NAME.libs/name` for what a wheel brought along.
    pub files: BTreeMap<String, Sha256>,
    /// Options for its devices, as its vendor documents them.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Use its devices whatever they call themselves. An emulator of an NPU calls itself a CPU.
    #[serde(default)]
    pub any_device: bool,
}

impl Provider {
    /// Looks at a library and its folder.
    ///
    /// # Errors
    /// [`ModelError::File`] if something cannot be read, [`ModelError::NotAFile`] if there are too many files.
    pub fn inspect(name: &str, library: &Path) -> Result<Self, ModelError> {
        let library = library.canonicalize().map_err(ModelError::file(library))?;
        Ok(Self {
            name: name.to_owned(),
            files: hashes(&folders_of(&library))?,
            library,
            options: BTreeMap::new(),
            any_device: false,
        })
    }

    /// Checks that every file is the one that was recorded.
    ///
    /// # Errors
    /// [`ModelError::ProviderChanged`].
    pub fn verify(&self) -> Result<(), ModelError> {
        let changed = || ModelError::ProviderChanged {
            name: self.name.clone(),
        };
        let is_recorded = hashes(&folders_of(&self.library)).is_ok_and(|found| found == self.files);
        is_recorded.then_some(()).ok_or_else(changed)
    }

    /// Where its files lie: the library's folder first.
    pub fn folders(&self) -> Vec<PathBuf> {
        folders_of(&self.library)
            .into_iter()
            .map(|(_, folder)| folder)
            .collect()
    }

    /// Length of all its files; those that are gone count nothing.
    pub fn bytes(&self) -> u64 {
        let folder = self.library.parent().unwrap_or(&self.library);
        let lengths = self
            .files
            .keys()
            .map(|name| fs::metadata(folder.join(name)));
        lengths.flatten().map(|found| found.len()).sum()
    }

    /// What tells one version of it from another: a hash over all its files.
    pub fn version(&self) -> String {
        let list: Vec<String> = self
            .files
            .iter()
            .map(|(name, sum)| format!("{sum} {name}\n"))
            .collect();
        sha256(list.concat().as_bytes()).to_string()[..16].to_owned()
    }
}

/// The list in the data directory.
pub fn list_path(home: &Path) -> PathBuf {
    home.join("providers.json")
}

/// Reads the list; a missing one is empty.
///
/// # Errors
/// [`ModelError::File`]; [`ModelError::Config`] if it is damaged.
pub fn read_list(home: &Path) -> Result<Vec<Provider>, ModelError> {
    match files::read(&list_path(home), MAX_LIST_BYTES) {
        Ok(json) => serde_json::from_slice(&json)
            .map_err(|_| ModelError::Config("providers.json is not readable")),
        Err(ModelError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(vec![])
        }
        Err(error) => Err(error),
    }
}

/// Writes the list, all or nothing.
///
/// # Errors
/// [`ModelError::File`], [`ModelError::DiskFull`].
pub fn write_list(home: &Path, providers: &[Provider]) -> Result<(), ModelError> {
    let mut json = serde_json::to_vec_pretty(providers)
        .map_err(|_| ModelError::Internal("the list cannot be written as JSON"))?;
    json.push(b'\n');
    files::write_atomically(&list_path(home), &json, 0o600)
}

/// Folders of a provider, each with what its files are called in the list: nothing before the name for those beside the
/// library.
fn folders_of(library: &Path) -> Vec<(String, PathBuf)> {
    let folder = library.parent().unwrap_or(library);
    let mut folders = vec![(String::new(), folder.to_owned())];
    if let (Some(name), Some(beside)) = (folder.file_name(), folder.parent()) {
        let name = format!("{}.libs", name.to_string_lossy());
        let brought = beside.join(&name);
        if brought.is_dir() {
            folders.push((format!("../{name}/"), brought));
        }
    }
    folders
}

fn hashes(folders: &[(String, PathBuf)]) -> Result<BTreeMap<String, Sha256>, ModelError> {
    let mut sums = BTreeMap::new();
    for (prefix, folder) in folders {
        for entry in fs::read_dir(folder).map_err(ModelError::file(folder))? {
            let path = entry.map_err(ModelError::file(folder))?.path();
            // Python packages come with folders of text; libraries lie beside each other.
            if path.is_dir() {
                continue;
            }
            if sums.len() == MAX_FILES {
                return Err(ModelError::NotAFile {
                    path: folder.clone(),
                });
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let (_, sum) = files::hash(&path)?;
            sums.insert(format!("{prefix}{name}"), sum);
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_beside_the_library_is_seen() {
        let wheel = tempfile::tempdir().unwrap();
        let library = wheel.path().join("npu/provider.so");
        let neighbour = library.with_file_name("driver.so");
        let brought = wheel.path().join("npu.libs/libc++.so");
        for folder in ["npu", "npu.libs", "other.libs"] {
            fs::create_dir(wheel.path().join(folder)).unwrap();
        }
        fs::write(&library, b"library").unwrap();
        let restore = || {
            fs::write(&neighbour, b"driver").unwrap();
            fs::write(&brought, b"C++").unwrap();
            let _ = fs::remove_file(library.with_file_name("new.so"));
        };
        restore();
        let provider = Provider::inspect("npu", &library).unwrap();
        provider.verify().unwrap();
        assert_eq!(provider.version().len(), 16);
        assert_eq!(provider.folders().len(), 2);
        assert_eq!(
            provider.bytes(),
            ("library".len() + "driver".len() + "C++".len()) as u64
        );
        let names: Vec<&str> = provider.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["../npu.libs/libc++.so", "driver.so", "provider.so"]);
        let changes: [&dyn Fn(); 4] = [
            &|| fs::write(&neighbour, b"another").unwrap(),
            &|| fs::remove_file(&neighbour).unwrap(),
            &|| fs::write(library.with_file_name("new.so"), b"new").unwrap(),
            &|| fs::write(&brought, b"another").unwrap(),
        ];
        for change in changes {
            restore();
            provider.verify().unwrap();
            change();
            assert!(matches!(
                provider.verify(),
                Err(ModelError::ProviderChanged { .. })
            ));
        }
    }

    #[test]
    fn the_list_survives_and_a_damaged_one_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(read_list(home.path()).unwrap(), vec![]);
        let library = home.path().join("lib/provider.so");
        fs::create_dir_all(library.parent().unwrap()).unwrap();
        fs::write(&library, b"library").unwrap();
        let providers = vec![Provider::inspect("npu", &library).unwrap()];
        write_list(home.path(), &providers).unwrap();
        assert_eq!(read_list(home.path()).unwrap(), providers);
        fs::write(list_path(home.path()), b"[{").unwrap();
        assert!(read_list(home.path()).is_err());
    }
}
