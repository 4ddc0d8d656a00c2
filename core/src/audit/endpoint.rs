//! Where something was sent: scheme, host and port, without the path, the parameters and the credentials.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest host name, RFC 1035, with scheme and port.
const MAX_BYTES: usize = 280;

/// The origin of an endpoint, such as `https://api.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(type = "string", rename = "AuditEndpoint")
)]
#[serde(try_from = "String")]
pub struct Endpoint(String);

/// What was given is no address with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the address of an endpoint")]
pub struct NoEndpoint;

impl Endpoint {
    /// The origin of `url`. What could hold a key is left out: user name, password, path, parameters.
    ///
    /// # Errors
    /// [`NoEndpoint`] if there is no `http` or `https` with a host.
    pub fn of(url: &str) -> Result<Self, NoEndpoint> {
        let (scheme, rest) = url.split_once("://").ok_or(NoEndpoint)?;
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        Self::try_from(format!(
            "{}://{}",
            scheme.to_ascii_lowercase(),
            host.to_ascii_lowercase()
        ))
    }

    /// The origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Endpoint {
    type Error = NoEndpoint;

    fn try_from(origin: String) -> Result<Self, NoEndpoint> {
        let host = origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"));
        let fine = host.is_some_and(|host| {
            !host.is_empty()
                && host.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() && !byte.is_ascii_uppercase()
                        || b".-:[]_".contains(&byte)
                })
        });
        (fine && origin.len() <= MAX_BYTES)
            .then_some(Self(origin))
            .ok_or(NoEndpoint)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_origin() {
        for (url, origin) in [
            (
                "https://api.example.com/v1/chat?key=secret#x",
                "https://api.example.com",
            ),
            (
                "HTTPS://User:Pass@API.example.com:8443/v1",
                "https://api.example.com:8443",
            ),
            ("http://[::1]:8080/v1", "http://[::1]:8080"),
            ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        ] {
            assert_eq!(Endpoint::of(url).unwrap().as_str(), origin);
        }
        for url in [
            "",
            "api.example.com",
            "ftp://example.com",
            "https://",
            "https:///x",
            "https://a b",
            "https://user@",
        ] {
            assert_eq!(Endpoint::of(url), Err(NoEndpoint), "{url}");
        }
        assert!(serde_json::from_str::<Endpoint>("\"https://a/b\"").is_err());
    }
}
