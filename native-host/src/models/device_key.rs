//! The key with which this device signs what was imported or compiled on it.
//!
//! It makes an imported model as hard to change unnoticed as a shipped one for everything that can write to the models'
//! folder but not read the key. **It does not protect against someone who can read the user's files**: they could sign
//! as well. Losing it costs nothing but importing again.

use std::io;
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use sotto_core::pack::{PublicKey, signed_bytes};

use super::{ModelError, files};

/// Length of the file: an ed25519 seed.
const SEED_BYTES: usize = 32;

/// This device's signing key.
pub struct DeviceKey(SigningKey);

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DeviceKey")
    }
}

impl DeviceKey {
    /// The key in `path`, if there is one.
    ///
    /// # Errors
    /// [`ModelError::DeviceKey`] if the file holds something else.
    pub fn load(path: &Path) -> Result<Option<Self>, ModelError> {
        match files::read(path, SEED_BYTES as u64) {
            Ok(seed) => match <[u8; SEED_BYTES]>::try_from(seed) {
                Ok(seed) => Ok(Some(Self(SigningKey::from_bytes(&seed)))),
                Err(_) => Err(ModelError::DeviceKey { path: path.into() }),
            },
            Err(ModelError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(ModelError::TooLarge { .. } | ModelError::NotAFile { .. }) => {
                Err(ModelError::DeviceKey { path: path.into() })
            }
            Err(error) => Err(error),
        }
    }

    /// The key in `path`; made if there is none, readable by the user alone.
    ///
    /// # Errors
    /// As [`Self::load`], [`ModelError::Randomness`], [`ModelError::File`].
    pub fn load_or_make(path: &Path) -> Result<Self, ModelError> {
        if let Some(key) = Self::load(path)? {
            return Ok(key);
        }
        let mut seed = [0; SEED_BYTES];
        getrandom::fill(&mut seed).map_err(|_| ModelError::Randomness)?;
        files::write_atomically(path, &seed, 0o600)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().to_bytes())
    }

    /// Signs a manifest.
    pub fn sign(&self, manifest: &[u8]) -> [u8; 64] {
        self.sign_bytes(&signed_bytes(manifest))
    }

    /// Signs bytes that begin with what they are, so that one kind cannot stand in for another.
    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_only_the_user_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/device-key");
        assert!(DeviceKey::load(&path).unwrap().is_none());
        let made = DeviceKey::load_or_make(&path).unwrap().public();
        assert_eq!(DeviceKey::load_or_make(&path).unwrap().public(), made);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        for damaged in [&b"short"[..], &[0; 33]] {
            std::fs::write(&path, damaged).unwrap();
            assert!(matches!(
                DeviceKey::load_or_make(&path),
                Err(ModelError::DeviceKey { .. })
            ));
        }
    }
}
