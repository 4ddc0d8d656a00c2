//! Permissions for a site, for a time.

use serde::{Deserialize, Serialize};

use super::Fingerprint;
use crate::protocol::{ConsentScope, MAX_SCOPE_MINUTES};

/// Longest origin: a host name has at most 253 bytes.
const MAX_SITE_BYTES: usize = 300;

/// A permission for a site, for a time, to one endpoint. Can be stored: the host may end and start again while it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// The site's origin.
    pub site: String,
    /// The endpoint.
    pub endpoint: Fingerprint,
    /// When it was given, in milliseconds since 1970.
    pub granted_at_ms: u64,
    /// When it ends.
    pub expires_at_ms: u64,
}

impl Scope {
    /// Whether it holds now. One from the future does not, nor one that lasts longer than any that can be given: both are
    /// damage, or somebody set the clock.
    pub fn holds(&self, now_ms: u64) -> bool {
        let longest = u64::from(MAX_SCOPE_MINUTES) * 60_000;
        (self.granted_at_ms..self.expires_at_ms).contains(&now_ms)
            && self.expires_at_ms - self.granted_at_ms <= longest
            && is_site(&self.site)
    }

    /// For the user's eyes.
    pub fn view(&self, now_ms: u64) -> ConsentScope {
        let left_ms = self.expires_at_ms.saturating_sub(now_ms);
        ConsentScope {
            site: self.site.clone(),
            expires_in_s: u32::try_from(left_ms.div_ceil(1_000)).unwrap_or(u32::MAX),
        }
    }
}

/// Whether this is the origin of a web site as browsers write it. `null`, `file:` and what has a path are none: a
/// permission for them would be one for everybody.
pub fn is_site(site: &str) -> bool {
    let host = site
        .strip_prefix("https://")
        .or_else(|| site.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && site.len() <= MAX_SITE_BYTES
            && host.bytes().all(|byte| {
                byte.is_ascii_lowercase()
                    || byte.is_ascii_digit()
                    || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
            })
    })
}
