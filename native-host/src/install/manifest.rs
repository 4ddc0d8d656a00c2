//! The native-messaging manifest: ours, and what is found in its place.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sotto_core::protocol::HOST_NAME;

use super::{Family, InstallError};
use crate::extension::{CHROMIUM_ID, FIREFOX_ID};

/// What a browser reads to start a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostManifest {
    /// Name under which the extension asks for it.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// The program; absolute.
    pub path: String,
    /// `stdio`
    #[serde(rename = "type")]
    pub kind: String,
    /// Who may start it, for browsers of the Chromium family: `chrome-extension://<id>/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_origins: Vec<String>,
    /// Who may start it, for Firefox.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_extensions: Vec<String>,
}

impl HostManifest {
    /// Our manifest. `added` are ids of builds that the user made.
    ///
    /// # Errors
    /// [`InstallError::NotUnicode`].
    pub(super) fn ours(
        family: Family,
        program: &Path,
        added: &[String],
    ) -> Result<Self, InstallError> {
        let path = program.to_str().ok_or_else(|| InstallError::NotUnicode {
            path: program.into(),
        })?;
        let added = added.iter().map(String::as_str);
        let (origins, extensions) = match family {
            Family::Chromium => {
                let ids = std::iter::once(CHROMIUM_ID).chain(added.filter(|id| is_chromium_id(id)));
                (ids.map(origin).collect(), Vec::new())
            }
            Family::Firefox => {
                let ids = std::iter::once(FIREFOX_ID).chain(added.filter(|id| !is_chromium_id(id)));
                (Vec::new(), ids.map(str::to_owned).collect())
            }
        };
        Ok(Self {
            name: HOST_NAME.into(),
            description: "Sotto: summaries and chat on this device".into(),
            path: path.into(),
            kind: "stdio".into(),
            allowed_origins: origins,
            allowed_extensions: extensions,
        })
    }

    /// The file's bytes.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, InstallError> {
        let mut json = serde_json::to_vec_pretty(self)
            .map_err(|_| crate::models::ModelError::Internal("a manifest cannot be written"))?;
        json.push(b'\n');
        Ok(json)
    }

    /// Whether our extension may start the host.
    pub fn allows_us(&self, family: Family) -> bool {
        match family {
            Family::Chromium => self.allowed_origins.contains(&origin(CHROMIUM_ID)),
            Family::Firefox => self.allowed_extensions.iter().any(|id| id == FIREFOX_ID),
        }
    }
}

/// The origin of an extension with this id.
fn origin(id: &str) -> String {
    format!("chrome-extension://{id}/")
}

/// 32 letters from a to p, as the Chromium family makes them.
pub(super) fn is_chromium_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| (b'a'..=b'p').contains(&byte))
}

/// Whether this can be the id of an extension of either family. Firefox's are like mail addresses, or UUIDs in braces.
pub(super) fn is_extension_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@._-{}".contains(&byte);
    is_chromium_id(id)
        || ((3..=80).contains(&id.len())
            && id.bytes().all(plain)
            && (id.contains('@') || (id.starts_with('{') && id.ends_with('}'))))
}
