//! The settings as they are now. Read for every request and every answer: what the user changes on the command line holds
//! at once, and voids what was agreed to for an endpoint that is no longer the one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sotto_core::protocol::CloudSetting;

use super::endpoint::{Endpoint, EndpointConfig};
use super::enterprise::EnterprisePolicy;
use super::error::SetupError;
use crate::models::{FallbackChoice, Settings, files};

/// The file in the data directory.
const FILE: &str = "cloud.json";

/// Largest file read.
const MAX_BYTES: u64 = 64 * 1024;

/// Everything that decides whether and where something may be sent.
#[derive(Debug)]
pub struct Setup {
    /// The endpoint; none if none is set up, an error if what is set up cannot be used.
    pub endpoint: Result<Option<Endpoint>, SetupError>,
    /// Whether the user wants endpoints to be offered.
    pub setting: CloudSetting,
    /// The administrator's policy.
    pub enterprise: EnterprisePolicy,
}

/// Where the settings come from.
pub trait ReadSetup {
    /// The settings as they are now.
    fn read(&self) -> Setup;

    /// Forgets the endpoint and that it may be offered. Its key is another's to forget.
    ///
    /// # Errors
    /// [`SetupError::File`].
    fn forget(&self) -> Result<(), SetupError>;
}

impl<R: ReadSetup + ?Sized> ReadSetup for Box<R> {
    fn read(&self) -> Setup {
        (**self).read()
    }

    fn forget(&self) -> Result<(), SetupError> {
        (**self).forget()
    }
}

/// Where the settings lie.
#[derive(Debug, Clone)]
pub struct SetupFiles {
    home: PathBuf,
    policy: PathBuf,
}

impl SetupFiles {
    /// The files of a data directory, with the administrator's policy of this device.
    pub fn new(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
            policy: EnterprisePolicy::path(),
        }
    }

    /// As [`Self::new`], with a policy that lies elsewhere; for tests.
    pub fn with_policy(home: &Path, policy: &Path) -> Self {
        Self {
            home: home.to_owned(),
            policy: policy.to_owned(),
        }
    }

    /// What the user wrote, unchecked; none if nothing is there.
    ///
    /// # Errors
    /// [`SetupError::File`].
    pub fn config(&self) -> Result<Option<EndpointConfig>, SetupError> {
        let path = self.path();
        let unreadable = || SetupError::File { path: path.clone() };
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            _ => {}
        }
        let json = files::read(&path, MAX_BYTES).map_err(|_| unreadable())?;
        serde_json::from_slice(&json)
            .map(Some)
            .map_err(|_| unreadable())
    }

    /// Writes it, all or nothing.
    ///
    /// # Errors
    /// [`SetupError::File`].
    pub fn save(&self, config: &EndpointConfig) -> Result<(), SetupError> {
        let path = self.path();
        let failed = || SetupError::File { path: path.clone() };
        let mut json = serde_json::to_vec_pretty(config).map_err(|_| failed())?;
        json.push(b'\n');
        files::write_atomically(&path, &json, 0o600).map_err(|_| failed())
    }

    /// Removes it; one that is not there is removed already.
    ///
    /// # Errors
    /// [`SetupError::File`].
    pub fn remove(&self) -> Result<(), SetupError> {
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(SetupError::File { path: self.path() })
            }
            _ => Ok(()),
        }
    }

    fn path(&self) -> PathBuf {
        self.home.join(FILE)
    }

    fn settings(&self) -> PathBuf {
        self.home.join("settings.json")
    }
}

impl ReadSetup for SetupFiles {
    fn read(&self) -> Setup {
        let settings = Settings::peek(&self.settings());
        Setup {
            endpoint: self
                .config()
                .and_then(|config| config.map(Endpoint::new).transpose()),
            setting: match settings.fallback {
                FallbackChoice::Cloud => CloudSetting::Ask,
                FallbackChoice::None => CloudSetting::Off,
            },
            enterprise: EnterprisePolicy::read(&self.policy),
        }
    }

    fn forget(&self) -> Result<(), SetupError> {
        self.remove()?;
        let path = self.settings();
        let mut settings = Settings::peek(&path);
        if settings.fallback == FallbackChoice::None {
            return Ok(());
        }
        settings.fallback = FallbackChoice::None;
        settings.save(&path).map_err(|_| SetupError::File { path })
    }
}

#[cfg(test)]
mod tests {
    use sotto_core::protocol::EnterpriseRule;

    use super::*;

    #[test]
    fn nothing_there_is_everything_off() {
        let home = tempfile::tempdir().unwrap();
        let setup = SetupFiles::with_policy(home.path(), &home.path().join("policy.json")).read();
        assert!(matches!(setup.endpoint, Ok(None)));
        assert_eq!(setup.setting, CloudSetting::Off);
        assert_eq!(setup.enterprise.rule(None), EnterpriseRule::Allowed);
    }

    #[test]
    fn changes_hold_at_once() {
        let home = tempfile::tempdir().unwrap();
        let files = SetupFiles::with_policy(home.path(), &home.path().join("policy.json"));
        let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
        write(
            "cloud.json",
            r#"{"name":"n","url":"https://e.example/v1","model":"m","contextTokens":4096}"#,
        );
        write("settings.json", r#"{"fallback":"cloud"}"#);
        let setup = files.read();
        assert_eq!(
            setup.endpoint.unwrap().unwrap().origin(),
            "https://e.example"
        );
        assert_eq!(setup.setting, CloudSetting::Ask);
        write("policy.json", r#"{"cloud":"forbidden"}"#);
        assert_eq!(
            files.read().enterprise.rule(None),
            EnterpriseRule::Forbidden
        );
        write(
            "cloud.json",
            r#"{"name":"n","url":"http://e.example/v1","model":"m","contextTokens":4096}"#,
        );
        assert!(matches!(files.read().endpoint, Err(SetupError::NotHttps)));
        write("cloud.json", "{");
        assert!(matches!(
            files.read().endpoint,
            Err(SetupError::File { .. })
        ));
        write("settings.json", "{");
        assert_eq!(files.read().setting, CloudSetting::Off);
        assert!(
            home.path().join("settings.json").exists(),
            "reading changes nothing"
        );
        write("settings.json", r#"{"fallback":"cloud","device":"cpu"}"#);
        files.forget().unwrap();
        assert!(matches!(files.read().endpoint, Ok(None)));
        assert_eq!(files.read().setting, CloudSetting::Off);
        let kept = fs::read_to_string(home.path().join("settings.json")).unwrap();
        assert!(kept.contains("cpu"), "{kept}");
    }

    #[test]
    fn what_was_saved_is_read() {
        let home = tempfile::tempdir().unwrap();
        let files = SetupFiles::with_policy(home.path(), Path::new("none"));
        let json = r#"{"name":"n","url":"https://e.example/v1","model":"m","contextTokens":4096,"later":1}"#;
        let config: EndpointConfig = serde_json::from_str(json).unwrap();
        files.save(&config).unwrap();
        assert_eq!(files.config().unwrap(), Some(config));
    }
}
