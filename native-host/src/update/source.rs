//! Where updates come from, as the user said.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::UpdateError;
use crate::models::{ModelError, files};

/// Largest file with a source, in bytes; a real one has two hundred.
const MAX_CONFIG_BYTES: u64 = 64 * 1024;

/// A place with the files of releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A web server; https, or http on this device.
    Web(Url),
    /// A folder.
    Folder(PathBuf),
}

/// `source.json` in the folder of updates. Fields of a later version are kept when this one writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceConfig {
    /// Address or folder.
    pub source: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

impl Source {
    /// Understands what the user wrote: an address, or a folder that is there.
    ///
    /// # Errors
    /// [`UpdateError::SourceUnusable`].
    pub fn parse(text: &str) -> Result<Self, UpdateError> {
        let unusable = UpdateError::SourceUnusable;
        if !text.contains("://") {
            let folder = std::path::absolute(text).map_err(UpdateError::file(Path::new(text)))?;
            return match folder.is_dir() {
                true => Ok(Self::Folder(folder)),
                false => Err(unusable("is neither an address nor a folder that is there")),
            };
        }
        let mut url = Url::parse(text).map_err(|_| unusable("is not an address"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("may not hold a name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(unusable("may not hold '?' or '#'"));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(unusable(
                    "must begin with https:// unless it is this device",
                ));
            }
            _ => return Err(unusable("must begin with https://")),
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self::Web(url))
    }

    /// For the user and for `source.json`.
    pub fn describe(&self) -> String {
        match self {
            Self::Web(url) => url.to_string(),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }
}

/// Whether the host is this device, by number or as `localhost`, which the client never looks up elsewhere.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || bare.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
}

impl SourceConfig {
    /// Reads the file; nothing if there is none.
    ///
    /// # Errors
    /// [`UpdateError::SourceUnusable`] if it cannot be understood.
    pub fn load(path: &Path) -> Result<Option<Self>, UpdateError> {
        match files::read(path, MAX_CONFIG_BYTES) {
            Ok(json) => serde_json::from_slice(&json).map(Some).map_err(|_| {
                UpdateError::SourceUnusable(
                    "is damaged: name it again with 'sotto-host update source'",
                )
            }),
            Err(ModelError::File { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the file, all or nothing.
    ///
    /// # Errors
    /// Those of writing.
    pub fn save(&self, path: &Path) -> Result<(), UpdateError> {
        let json = serde_json::to_vec_pretty(self)
            .map_err(|_| UpdateError::Internal("the source cannot be written as JSON"))?;
        Ok(files::write_atomically(path, &json, 0o600)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_ways_and_this_device() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_str().unwrap();
        assert!(matches!(Source::parse(folder), Ok(Source::Folder(_))));
        for good in [
            "https://models.example/sotto",
            "http://127.0.0.1:8000/",
            "http://localhost/x/",
            "http://[::1]/",
        ] {
            let Ok(Source::Web(url)) = Source::parse(good) else {
                panic!("{good}");
            };
            assert!(url.path().ends_with('/'));
        }
        for bad in [
            "http://models.example/",
            "http://127.0.0.1.example/",
            "ftp://models.example/",
            "https://me:secret@models.example/",
            "https://models.example/?v=1",
            "/no/such/folder",
        ] {
            let error = Source::parse(bad).unwrap_err();
            assert!(matches!(error, UpdateError::SourceUnusable(_)), "{bad}");
        }
    }
}
