//! `settings.json`: what the user chose.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ModelError, files};

/// Largest file read, in bytes; a real one has a hundred.
const MAX_SETTINGS_BYTES: u64 = 64 * 1024;

/// The user's choices. Fields of a later version are kept when this one writes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Name of the model; none: the one that came with the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it shall run on.
    #[serde(default)]
    pub device: DeviceChoice,
    /// What to do where this device is not enough.
    #[serde(default)]
    pub fallback: FallbackChoice,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// What a model shall run on; `auto`, `cpu`, `npu0`, `npu1`, ... in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// Whatever is measured as fastest.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The NPU with this number, counted from 0, and nothing else.
    Npu(u8),
}

/// What to do where this device is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FallbackChoice {
    /// Nothing: the answer of this device stands.
    #[default]
    None,
    /// Ask whether a cloud service may be used. Consent is asked for every time.
    Cloud,
}

/// The settings as they were found.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedSettings {
    /// The settings, or the defaults.
    pub settings: Settings,
    /// What was wrong with the file, for the user; empty if nothing was.
    pub notice: String,
}

impl Settings {
    /// Reads the file. One that cannot be understood is put aside and the defaults are used: a damaged file must not
    /// keep the program from starting, and must not be lost either.
    pub fn load(path: &Path) -> LoadedSettings {
        let notice = match files::read(path, MAX_SETTINGS_BYTES) {
            Ok(json) => match serde_json::from_slice(&json) {
                Ok(settings) => {
                    return LoadedSettings {
                        settings,
                        notice: String::new(),
                    };
                }
                Err(error) => put_aside(path, &error),
            },
            Err(ModelError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                String::new()
            }
            Err(error) => format!("{error}; the defaults are used"),
        };
        LoadedSettings {
            settings: Self::default(),
            notice,
        }
    }

    /// Reads the file and leaves it as it is. One that cannot be understood counts as the defaults; [`Self::load`] says so
    /// to the user.
    pub(crate) fn peek(path: &Path) -> Self {
        let json = files::read(path, MAX_SETTINGS_BYTES).ok();
        json.and_then(|json| serde_json::from_slice(&json).ok())
            .unwrap_or_default()
    }

    /// Writes the file, all or nothing.
    ///
    /// # Errors
    /// [`ModelError::File`], [`ModelError::DiskFull`].
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        let mut json = serde_json::to_vec_pretty(self)
            .map_err(|_| ModelError::Internal("the settings cannot be written as JSON"))?;
        json.push(b'\n');
        files::write_atomically(path, &json, 0o600)
    }
}

fn put_aside(path: &Path, error: &serde_json::Error) -> String {
    let aside = path.with_extension("json.broken");
    let kept = match fs::rename(path, &aside) {
        Ok(()) => format!("kept as {}", aside.display()),
        Err(_) => "left where it is".into(),
    };
    format!(
        "{} cannot be read (line {}, column {}) and was {kept}; the defaults are used",
        path.display(),
        error.line(),
        error.column()
    )
}

impl TryFrom<String> for DeviceChoice {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            _ => name
                .strip_prefix("npu")
                .and_then(|number| number.parse().ok())
                .map(Self::Npu)
                .ok_or("not auto, cpu or npu0"),
        }
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        match choice {
            DeviceChoice::Auto => "auto".into(),
            DeviceChoice::Cpu => "cpu".into(),
            DeviceChoice::Npu(number) => format!("npu{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(json: &str) -> LoadedSettings {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        fs::write(&path, json).unwrap();
        Settings::load(&path)
    }

    #[test]
    fn the_example_of_the_readme_is_read() {
        let LoadedSettings { settings, notice } =
            loaded(r#"{"model": "sotto-base", "device": "npu0", "fallback": "cloud"}"#);
        assert_eq!(notice, "");
        assert_eq!(settings.model.as_deref(), Some("sotto-base"));
        assert_eq!(settings.device, DeviceChoice::Npu(0));
        assert_eq!(settings.fallback, FallbackChoice::Cloud);
        assert_eq!(loaded("{}").settings, Settings::default());
    }

    #[test]
    fn what_a_later_version_wrote_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        fs::write(&path, r#"{"device": "cpu", "later": {"a": 1}}"#).unwrap();
        let mut settings = Settings::load(&path).settings;
        settings.model = Some("mine".into());
        settings.save(&path).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"model": "mine", "device": "cpu", "fallback": "none", "later": {"a": 1}})
        );
    }

    #[test]
    fn a_damaged_file_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        assert_eq!(Settings::load(&path).notice, "", "no file is no fault");
        for text in ["{\"model\": ", r#"{"device": "gpu"}"#, r#"{"fallback": 3}"#] {
            fs::write(&path, text).unwrap();
            let LoadedSettings { settings, notice } = Settings::load(&path);
            assert_eq!(settings, Settings::default());
            assert!(notice.contains("settings.json.broken"), "{notice}");
            assert!(!path.exists());
            assert_eq!(
                fs::read_to_string(folder.path().join("settings.json.broken")).unwrap(),
                text
            );
        }
    }
}
