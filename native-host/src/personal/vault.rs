//! Where the key is: in the system's keyring, or, where the user asks for it, in a file that a passphrase opens.

use crate::cloud::keys::{ApiKey, KeyError, KeyFile, in_keyring};

use super::seal::DataKey;

/// The file of the fallback.
const FILE: &str = "personal-key.age";

/// Why the key cannot be had or kept. What it seals is left alone.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It is not where it should be.
    #[error(
        "The key for what is personal is missing. If the keyring was reset, what is kept cannot be opened any more; to begin anew: sotto-host personal erase --all"
    )]
    Missing,
    /// The keyring is locked, absent, or refuses.
    #[error(
        "The system's keyring is locked or cannot be used. Unlock it and try again; without a keyring: sotto-host personal on --file"
    )]
    Keyring(#[source] KeyError),
    /// The file was not opened yet.
    #[error(
        "The key for what is personal is in a file that a passphrase opens. Enter the passphrase."
    )]
    Closed,
    /// The file needs its passphrase, and this was not it.
    #[error("This passphrase does not open the key for what is personal.")]
    Passphrase(#[source] KeyError),
    /// What is there is no key.
    #[error("What is kept as the key for what is personal is none.")]
    NotAKey,
}

/// A place for keys.
pub trait Vault {
    /// The key of a number.
    ///
    /// # Errors
    /// [`VaultError`]
    fn get(&self, id: u32) -> Result<DataKey, VaultError>;

    /// Keeps a key. A file holds one; a keyring as many as there are numbers.
    ///
    /// # Errors
    /// [`VaultError`]
    fn set(&self, key: &DataKey) -> Result<(), VaultError>;

    /// Forgets a key; one that is not there is forgotten already.
    ///
    /// # Errors
    /// [`VaultError`]
    fn remove(&self, id: u32) -> Result<(), VaultError>;
}

/// The system's keyring. Blocks for as long as the system asks the user to unlock it.
#[derive(Debug)]
pub struct Keyring;

/// A file and its passphrase.
pub struct PassphraseFile {
    home: std::path::PathBuf,
    passphrase: zeroize::Zeroizing<String>,
}

impl std::fmt::Debug for PassphraseFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PassphraseFile(..)")
    }
}

/// The file, and its key once somebody opened it: each opening takes a second, on purpose.
#[derive(Debug)]
pub struct OpenedFile {
    file: PassphraseFile,
    key: Option<DataKey>,
}

impl OpenedFile {
    /// The file in a data directory, with its key if that is known.
    pub fn new(home: &std::path::Path, key: Option<DataKey>) -> Self {
        Self {
            file: PassphraseFile::new(home, String::new()),
            key,
        }
    }
}

impl Vault for OpenedFile {
    fn get(&self, id: u32) -> Result<DataKey, VaultError> {
        let key = self.key.as_ref().filter(|key| key.id() == id);
        key.cloned().ok_or(VaultError::Closed)
    }

    fn set(&self, _: &DataKey) -> Result<(), VaultError> {
        // A new one needs a passphrase, which only the command line asks for.
        Err(VaultError::Closed)
    }

    fn remove(&self, id: u32) -> Result<(), VaultError> {
        self.file.remove(id)
    }
}

/// The name under which a key is kept.
fn name(id: u32) -> String {
    format!("personal-{id}")
}

fn key_of(id: u32, kept: &ApiKey) -> Result<DataKey, VaultError> {
    DataKey::from_text(id, kept.reveal()).ok_or(VaultError::NotAKey)
}

fn kept(key: &DataKey) -> Result<ApiKey, VaultError> {
    ApiKey::new(key.to_text().to_string()).map_err(|_| VaultError::NotAKey)
}

impl Vault for Keyring {
    fn get(&self, id: u32) -> Result<DataKey, VaultError> {
        match in_keyring::get(&name(id)) {
            Ok(kept) => key_of(id, &kept),
            Err(KeyError::Missing) => Err(VaultError::Missing),
            Err(KeyError::NotAKey) => Err(VaultError::NotAKey),
            Err(error) => Err(VaultError::Keyring(error)),
        }
    }

    fn set(&self, key: &DataKey) -> Result<(), VaultError> {
        in_keyring::set(&name(key.id()), &kept(key)?).map_err(VaultError::Keyring)
    }

    fn remove(&self, id: u32) -> Result<(), VaultError> {
        in_keyring::remove(&name(id)).map_err(VaultError::Keyring)
    }
}

impl PassphraseFile {
    /// The file in a data directory.
    pub fn new(home: &std::path::Path, passphrase: String) -> Self {
        Self {
            home: home.to_owned(),
            passphrase: passphrase.into(),
        }
    }

    /// Each key has a file of its own, so that a rotation that is interrupted leaves the old one.
    fn file(&self, id: u32) -> KeyFile {
        KeyFile::named(&self.home, &format!("{id}-{FILE}"))
    }
}

impl Vault for PassphraseFile {
    fn get(&self, id: u32) -> Result<DataKey, VaultError> {
        match self.file(id).open(&name(id), self.passphrase.to_string()) {
            Ok(kept) => key_of(id, &kept),
            Err(KeyError::Missing) => Err(VaultError::Missing),
            Err(error) => Err(VaultError::Passphrase(error)),
        }
    }

    fn set(&self, key: &DataKey) -> Result<(), VaultError> {
        let passphrase = self.passphrase.to_string();
        let written = self
            .file(key.id())
            .write(&name(key.id()), &kept(key)?, passphrase);
        written.map_err(VaultError::Keyring)
    }

    fn remove(&self, id: u32) -> Result<(), VaultError> {
        self.file(id).remove().map_err(VaultError::Keyring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_a_key_for_whoever_has_the_passphrase() {
        let home = tempfile::tempdir().unwrap();
        let vault = PassphraseFile::new(home.path(), "correct horse battery".into());
        assert!(matches!(vault.get(1), Err(VaultError::Missing)));
        let key = DataKey::generate(1).unwrap();
        vault.set(&key).unwrap();
        assert_eq!(*vault.get(1).unwrap().to_text(), *key.to_text());
        let wrong = PassphraseFile::new(home.path(), "another horse battery".into());
        assert!(matches!(wrong.get(1), Err(VaultError::Passphrase(_))));
        vault.remove(1).unwrap();
        vault.remove(1).unwrap();
        assert!(matches!(vault.get(1), Err(VaultError::Missing)));
    }
}
