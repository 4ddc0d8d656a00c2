//! What the user decided, as it stands in the database. No text and no site in clear.

use serde::{Deserialize, Serialize};
use sotto_core::protocol::LastTraining;

/// Days that a text is kept unless the user says otherwise.
const DEFAULT_DAYS: u32 = 180;

/// Bytes of text that are kept unless the user says otherwise: a year of a busy writer.
const DEFAULT_BYTES: u32 = 4 << 20;

/// Where the key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyHome {
    /// In the system's keyring.
    Keyring,
    /// In a file that a passphrase opens.
    File,
}

/// The switch and its limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonalState {
    /// Whether texts are kept and adapters used. Switching off keeps what is there.
    pub is_on: bool,
    /// Where the key is.
    pub key_home: KeyHome,
    /// The key's number.
    pub key_id: u32,
    /// Days that a text is kept.
    pub max_days: u32,
    /// Bytes of text that are kept.
    pub max_bytes: u32,
    /// The sites that the user named, sealed; empty for none.
    #[serde(default)]
    pub sites: Vec<u8>,
    /// The last training that came to an end.
    #[serde(default)]
    pub last_training: Option<LastTraining>,
}

impl PersonalState {
    /// As it is when it is switched on for the first time.
    pub(super) fn new(key_home: KeyHome) -> Self {
        Self {
            is_on: true,
            key_home,
            key_id: 1,
            max_days: DEFAULT_DAYS,
            max_bytes: DEFAULT_BYTES,
            sites: Vec::new(),
            last_training: None,
        }
    }
}
