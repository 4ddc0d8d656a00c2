//! What whoever administers this device decided. One file that users cannot write:
//! `/etc/sotto/policy.json`, `/Library/Application Support/Sotto/policy.json`, `%ProgramData%\Sotto\policy.json`.
//!
//! ```json
//! { "cloud": "allowed", "endpoints": ["https://llm.example.com"] }
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sotto_core::protocol::EnterpriseRule;

/// Largest file read.
const MAX_BYTES: u64 = 64 * 1024;

/// The administrator's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnterprisePolicy {
    rule: EnterpriseRule,
    /// Origins that may be asked; none: any.
    endpoints: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(default)]
    cloud: Cloud,
    #[serde(default)]
    endpoints: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
enum Cloud {
    #[default]
    Allowed,
    Forbidden,
}

impl EnterprisePolicy {
    /// Nothing is forbidden.
    pub const NONE: Self = Self {
        rule: EnterpriseRule::Allowed,
        endpoints: None,
    };

    /// Reads the policy. **No file is no policy; a file that cannot be understood forbids**, and so does a field that this
    /// version does not know: it may be one that forbids.
    pub fn read(path: &Path) -> Self {
        let unreadable = Self {
            rule: EnterpriseRule::Unreadable,
            endpoints: None,
        };
        let bytes = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::NONE,
            Ok(file) if file.is_file() && file.len() <= MAX_BYTES => fs::read(path).ok(),
            _ => None,
        };
        let Some(file) = bytes.and_then(|bytes| parse(&bytes)) else {
            return unreadable;
        };
        Self {
            rule: match file.cloud {
                Cloud::Allowed => EnterpriseRule::Allowed,
                Cloud::Forbidden => EnterpriseRule::Forbidden,
            },
            endpoints: file.endpoints,
        }
    }

    /// Where the policy of this platform lies.
    pub fn path() -> PathBuf {
        #[cfg(windows)]
        let folder = std::env::var_os("ProgramData")
            .map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from)
            .join("Sotto");
        #[cfg(target_os = "macos")]
        let folder = PathBuf::from("/Library/Application Support/Sotto");
        #[cfg(not(any(windows, target_os = "macos")))]
        let folder = PathBuf::from("/etc/sotto");
        folder.join("policy.json")
    }

    /// The rule for an endpoint with this origin; for none, that for endpoints in general.
    pub fn rule(&self, origin: Option<&str>) -> EnterpriseRule {
        match (self.rule, &self.endpoints, origin) {
            (EnterpriseRule::Allowed, Some(endpoints), Some(origin))
                if !endpoints.iter().any(|allowed| allowed == origin) =>
            {
                EnterpriseRule::Forbidden
            }
            (rule, ..) => rule,
        }
    }
}

/// An object only: serde takes an array for a structure, too, and an empty one for a structure full of defaults.
fn parse(bytes: &[u8]) -> Option<File> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(bytes).ok()?;
    File::deserialize(serde_json::Value::Object(object)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use EnterpriseRule::{Allowed, Forbidden, Unreadable};

    fn policy(json: &str) -> EnterprisePolicy {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.json");
        fs::write(&path, json).unwrap();
        EnterprisePolicy::read(&path)
    }

    #[test]
    fn no_file_forbids_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let policy = EnterprisePolicy::read(&folder.path().join("policy.json"));
        assert_eq!(policy.rule(Some("https://a.example")), Allowed);
    }

    #[test]
    fn what_is_forbidden_is_forbidden() {
        assert_eq!(policy(r#"{"cloud": "forbidden"}"#).rule(None), Forbidden);
        assert_eq!(policy("{}").rule(Some("https://a.example")), Allowed);
        let some = policy(r#"{"endpoints": ["https://a.example", "http://localhost:8080"]}"#);
        assert_eq!(some.rule(Some("https://a.example")), Allowed);
        assert_eq!(some.rule(Some("https://b.example")), Forbidden);
        assert_eq!(some.rule(Some("https://a.example:8443")), Forbidden);
        assert_eq!(
            policy(r#"{"endpoints": []}"#).rule(Some("https://a.example")),
            Forbidden
        );
    }

    #[test]
    fn what_cannot_be_understood_forbids() {
        for json in [
            "",
            "{",
            "[]",
            r#"{"cloud": "maybe"}"#,
            r#"{"cloud": null}"#,
            r#"{"clouds": "allowed"}"#,
            r#"{"endpoints": "x"}"#,
            &"x".repeat(65 * 1024),
        ] {
            assert_eq!(policy(json).rule(None), Unreadable);
        }
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            EnterprisePolicy::read(folder.path()).rule(None),
            Unreadable,
            "a folder"
        );
    }
}
