//! Where things are kept on this platform.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use super::ModelError;
use crate::hand_over::BROWSER_MODEL;

/// Overrides the data directory; for tests and for the demo's throw-away profile.
const HOME_VARIABLE: &str = "SOTTO_HOME";

/// Folder beside the executable with the browser's own pack.
pub const BROWSER: &str = "browser";

/// The places of the model store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePaths {
    /// The data directory: `$SOTTO_HOME`, or `$XDG_DATA_HOME/sotto`, `~/Library/Application Support/Sotto`,
    /// `%LOCALAPPDATA%\Sotto`.
    pub home: PathBuf,
    /// Packs that came with the program: `models` beside the executable.
    pub shipped: PathBuf,
}

impl StorePaths {
    /// The places for this process.
    ///
    /// # Errors
    /// [`ModelError::NoHome`] if neither the environment nor the system names a home, [`ModelError::File`] if the
    /// program cannot tell where it lies.
    pub fn discover() -> Result<Self, ModelError> {
        let program = std::env::current_exe()
            .and_then(|program| program.canonicalize())
            .map_err(ModelError::file(Path::new("sotto-host")))?;
        let beside = program.parent().unwrap_or(Path::new("."));
        Ok(Self {
            home: home(std::env::var_os(HOME_VARIABLE))?,
            shipped: beside.join("models"),
        })
    }

    /// The pack of the browser that came with the program: no model that answers here, but the one that adapters are for.
    pub fn browser_model(&self) -> PathBuf {
        self.shipped.with_file_name(BROWSER).join(BROWSER_MODEL)
    }

    /// Imported packs, one folder `<name>-<version>` each.
    pub fn models(&self) -> PathBuf {
        self.home.join("models")
    }

    /// The user's choices.
    pub fn settings(&self) -> PathBuf {
        self.home.join("settings.json")
    }

    /// The seed of this device's signing key.
    pub fn device_key(&self) -> PathBuf {
        self.home.join("device-key")
    }
}

fn home(variable: Option<OsString>) -> Result<PathBuf, ModelError> {
    if let Some(home) = variable.filter(|home| !home.is_empty()) {
        return std::path::absolute(&home).map_err(ModelError::file(Path::new(&home)));
    }
    let no_home = |_| ModelError::NoHome;
    // The local folder on Windows, not the roaming one: nobody wants gigabytes copied at every login. The crate calls it
    // cache. And the native folders of macOS, which its default for command-line tools does not choose.
    #[cfg(windows)]
    let folder = etcetera::base_strategy::Windows::new()
        .map_err(no_home)?
        .cache_dir()
        .join("Sotto");
    #[cfg(target_os = "macos")]
    let folder = etcetera::base_strategy::Apple::new()
        .map_err(no_home)?
        .data_dir()
        .join("Sotto");
    #[cfg(not(any(windows, target_os = "macos")))]
    let folder = etcetera::base_strategy::Xdg::new()
        .map_err(no_home)?
        .data_dir()
        .join("sotto");
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_comes_first_and_is_made_absolute() {
        assert_eq!(home(Some("/data".into())).unwrap(), Path::new("/data"));
        assert!(home(Some("data".into())).unwrap().is_absolute());
        assert_eq!(
            home(Some("".into())).unwrap(),
            home(None).unwrap(),
            "an empty variable is none"
        );
    }
}
