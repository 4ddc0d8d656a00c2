//! Signing metadata: over its canonical JSON (TUF specification, section 4.2.1).

use olpc_cjson::CanonicalFormatter;
use serde::Serialize;
use tough::schema::{Signature, Signed};

use crate::{Key, ReleaseError};

/// The keys that are at hand for a release. Root is not among them: it stays offline.
#[derive(Debug, Clone, Default)]
pub struct Signers {
    /// Say what a release holds.
    pub targets: Vec<Key>,
    /// Say which metadata belongs together.
    pub snapshot: Vec<Key>,
    /// Say that this is the newest.
    pub timestamp: Vec<Key>,
}

/// Signs a role's metadata with each of these keys.
///
/// # Errors
/// [`ReleaseError::Json`].
pub fn sign<T: Serialize>(role: T, keys: &[Key]) -> Result<Signed<T>, ReleaseError> {
    let mut canonical = Vec::new();
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut canonical, CanonicalFormatter::new());
    role.serialize(&mut serializer)
        .map_err(ReleaseError::Json)?;
    let mut signatures: Vec<Signature> = Vec::new();
    for key in keys {
        let keyid = key.id();
        // A key that is in two sets of signers signs once: readers refuse metadata that names one twice.
        if signatures.iter().all(|other| other.keyid != keyid) {
            let sig = key.sign(&canonical).into();
            signatures.push(Signature { keyid, sig });
        }
    }
    Ok(Signed {
        signed: role,
        signatures,
    })
}

/// Metadata as it is published.
///
/// # Errors
/// [`ReleaseError::Json`].
pub fn to_bytes<T: Serialize>(signed: &Signed<T>) -> Result<Vec<u8>, ReleaseError> {
    let mut bytes = serde_json::to_vec_pretty(signed).map_err(ReleaseError::Json)?;
    bytes.push(b'\n');
    Ok(bytes)
}
