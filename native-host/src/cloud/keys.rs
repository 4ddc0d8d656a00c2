//! The endpoint's key: in the system's keyring, or, where the user asks for it, in a file that a passphrase opens. **Each
//! key belongs to one origin** and is never sent to another one. In memory it is wiped when it is dropped.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::endpoint::{Endpoint, KeyPlace};
use crate::models::files;

/// Name of the host in the keyring.
const SERVICE: &str = "app.sotto.host";

/// The file of the fallback.
const FILE: &str = "cloud-key.age";

/// Longest key, in bytes. Vendors' have up to two hundred.
const MAX_KEY_BYTES: usize = 4 * 1024;

/// Largest file read.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Work of scrypt over the passphrase, as a power of two: 128 MiB and about half a second a guess. Fixed and not measured, so
/// that a file that was written on a fast machine opens on a slow one. A file that asks for more is not ours.
const WORK_FACTOR: u8 = 17;

/// A key. Its `Debug` shows nothing.
pub struct ApiKey(Zeroizing<String>);

/// Why a key cannot be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is none for this endpoint.
    #[error("The key of the endpoint is missing. Run: sotto-host cloud key")]
    Missing,
    /// It is in a file that was not opened yet.
    #[error("The key of the endpoint is locked. Enter its passphrase.")]
    Locked,
    /// Another passphrase, or another file than ours.
    #[error("This passphrase does not open the key.")]
    WrongPassphrase,
    /// The keyring is not there or refuses.
    #[error("The system's keyring cannot be used. Run: sotto-host cloud key --file")]
    Keyring(#[source] Box<keyring::Error>),
    /// The file.
    #[error("{} cannot be read or written.", path.display())]
    File {
        /// Which file.
        path: PathBuf,
    },
    /// Not a key.
    #[error("A key is one line of printable ASCII.")]
    NotAKey,
}

impl ApiKey {
    /// A key from what the user typed or pasted.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn new(mut typed: String) -> Result<Self, KeyError> {
        let key = Zeroizing::new(typed.trim().to_owned());
        typed.zeroize();
        let is_key = (1..=MAX_KEY_BYTES).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key {
            Ok(Self(key))
        } else {
            Err(KeyError::NotAKey)
        }
    }

    /// The key itself, for the keys that are not sent anywhere.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// As the header's value, marked so that nobody prints it.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn bearer(&self) -> Result<HeaderValue, KeyError> {
        let text = Zeroizing::new(format!("Bearer {}", *self.0));
        let mut value = HeaderValue::from_str(&text).map_err(|_| KeyError::NotAKey)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKey(..)")
    }
}

/// Forgets every key: that of `endpoint` in the keyring, and the one in the file. Both places, since the key may have been
/// in the other one before. Blocks as [`in_keyring`] does.
///
/// # Errors
/// [`KeyError`]; the keyring's only if the key should be there: where there is no keyring, nothing is in it.
pub(super) fn forget(endpoint: Option<&Endpoint>, file: &KeyFile) -> Result<(), KeyError> {
    file.remove()?;
    let Some(endpoint) = endpoint else {
        return Ok(());
    };
    let removed = in_keyring::remove(&endpoint.origin());
    match endpoint.config().key {
        KeyPlace::Keyring => removed,
        KeyPlace::None | KeyPlace::File => Ok(()),
    }
}

/// Keys in the keyring. Blocks, for as long as the system asks the user to unlock it.
pub mod in_keyring {
    use super::{ApiKey, KeyError, SERVICE};

    /// The key for `origin`.
    ///
    /// # Errors
    /// [`KeyError::Missing`], [`KeyError::Keyring`].
    pub fn get(origin: &str) -> Result<ApiKey, KeyError> {
        match entry(origin)?.get_password() {
            Ok(key) => ApiKey::new(key),
            Err(keyring::Error::NoEntry) => Err(KeyError::Missing),
            Err(error) => Err(failed(error)),
        }
    }

    /// Keeps the key for `origin`.
    ///
    /// # Errors
    /// [`KeyError::Keyring`].
    pub fn set(origin: &str, key: &ApiKey) -> Result<(), KeyError> {
        entry(origin)?.set_password(&key.0).map_err(failed)
    }

    /// Forgets the key for `origin`; one that is not there is forgotten already.
    ///
    /// # Errors
    /// [`KeyError::Keyring`].
    pub fn remove(origin: &str) -> Result<(), KeyError> {
        match entry(origin)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    fn entry(origin: &str) -> Result<keyring::Entry, KeyError> {
        keyring::Entry::new(SERVICE, origin).map_err(failed)
    }

    fn failed(error: keyring::Error) -> KeyError {
        KeyError::Keyring(Box::new(error))
    }
}

/// The file of the fallback: age, with scrypt over a passphrase.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Contents {
    origin: String,
    key: String,
}

impl KeyFile {
    /// The file in the data directory.
    pub fn new(home: &Path) -> Self {
        Self {
            path: home.join(FILE),
        }
    }

    /// A file of another name, for another key.
    pub(crate) fn named(home: &Path, name: &str) -> Self {
        Self {
            path: home.join(name),
        }
    }

    /// Whether there is one.
    pub fn exists(&self) -> bool {
        self.path.is_file()
    }

    /// Writes it, all or nothing. Takes about a second: that is what makes guessing slow.
    ///
    /// # Errors
    /// [`KeyError::File`].
    pub fn write(&self, origin: &str, key: &ApiKey, passphrase: String) -> Result<(), KeyError> {
        let failed = || KeyError::File {
            path: self.path.clone(),
        };
        let contents = Contents {
            origin: origin.to_owned(),
            key: key.0.to_string(),
        };
        let plain = Zeroizing::new(serde_json::to_vec(&contents).map_err(|_| failed())?);
        contents.wipe();
        let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase));
        recipient.set_work_factor(WORK_FACTOR);
        let recipients = std::iter::once(&recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(|_| failed())?;
        let mut sealed = Vec::new();
        let mut writer = encryptor.wrap_output(&mut sealed).map_err(|_| failed())?;
        writer.write_all(&plain).map_err(|_| failed())?;
        writer.finish().map_err(|_| failed())?;
        files::write_atomically(&self.path, &sealed, 0o600).map_err(|_| failed())
    }

    /// The key for `origin`. Takes about a second.
    ///
    /// # Errors
    /// [`KeyError::Missing`] if there is no file or it belongs to another origin, [`KeyError::WrongPassphrase`].
    pub fn open(&self, origin: &str, passphrase: String) -> Result<ApiKey, KeyError> {
        let passphrase = SecretString::from(passphrase);
        if !self.exists() {
            return Err(KeyError::Missing);
        }
        let failed = |_| KeyError::File {
            path: self.path.clone(),
        };
        let sealed = files::read(&self.path, MAX_FILE_BYTES).map_err(failed)?;
        let mut identity = age::scrypt::Identity::new(passphrase);
        identity.set_max_work_factor(WORK_FACTOR);
        let wrong = KeyError::WrongPassphrase;
        let decryptor = age::Decryptor::new(&sealed[..]).map_err(|_| KeyError::WrongPassphrase)?;
        let mut plain = Zeroizing::new(Vec::new());
        let mut reader = decryptor
            .decrypt(std::iter::once(&identity as &dyn age::Identity))
            .map_err(|_| KeyError::WrongPassphrase)?
            .take(MAX_FILE_BYTES);
        reader
            .read_to_end(&mut plain)
            .map_err(|_| KeyError::WrongPassphrase)?;
        let contents: Contents = serde_json::from_slice(&plain).map_err(|_| wrong)?;
        if contents.origin != origin {
            contents.wipe();
            return Err(KeyError::Missing);
        }
        ApiKey::new(contents.key)
    }

    /// Removes it; one that is not there is removed already.
    ///
    /// # Errors
    /// [`KeyError::File`].
    pub fn remove(&self) -> Result<(), KeyError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(KeyError::File {
                path: self.path.clone(),
            }),
            _ => Ok(()),
        }
    }
}

impl Contents {
    fn wipe(mut self) {
        self.key.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://api.example.com";

    fn key() -> ApiKey {
        ApiKey::new(" sk-test-0123456789\n".into()).unwrap()
    }

    #[test]
    fn keys_are_one_line_and_never_shown() {
        assert_eq!(*key().0, "sk-test-0123456789");
        assert_eq!(format!("{:?}", key()), "ApiKey(..)");
        assert!(format!("{:?}", key().bearer().unwrap()).contains("Sensitive"));
        for typed in ["", " ", "a b", "a\nb", "é", &"x".repeat(4_097)] {
            assert!(ApiKey::new(typed.to_owned()).is_err(), "{typed}");
        }
    }

    #[test]
    fn the_file_opens_with_its_passphrase_for_its_origin_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = KeyFile::new(home.path());
        assert!(matches!(
            file.open(ORIGIN, "x".into()),
            Err(KeyError::Missing)
        ));
        file.write(ORIGIN, &key(), "correct horse".into()).unwrap();
        let sealed = std::fs::read(home.path().join(FILE)).unwrap();
        assert!(
            !sealed
                .windows(7)
                .any(|part| part == b"sk-test" || part == b"example")
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(home.path().join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(
            *file.open(ORIGIN, "correct horse".into()).unwrap().0,
            *key().0
        );
        assert!(matches!(
            file.open(ORIGIN, "wrong".into()),
            Err(KeyError::WrongPassphrase)
        ));
        let elsewhere = file.open("https://evil.example", "correct horse".into());
        assert!(matches!(elsewhere, Err(KeyError::Missing)));
        let mut damaged = sealed.clone();
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        std::fs::write(home.path().join(FILE), damaged).unwrap();
        assert!(matches!(
            file.open(ORIGIN, "correct horse".into()),
            Err(KeyError::WrongPassphrase)
        ));
        file.remove().unwrap();
        file.remove().unwrap();
        assert!(!file.exists());
    }
}
