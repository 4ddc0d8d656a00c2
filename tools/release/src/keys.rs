//! Keys of TUF roles: ed25519 seeds as hexadecimal digits in a text file, as `sotto-pack keygen` writes them.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use tough::schema::decoded::{Decoded, Hex};
pub use tough::schema::key::Key as PublicKey;
use tough::schema::key::{Ed25519Key, Ed25519Scheme};

use crate::{ReleaseError, files};

/// A key that signs metadata.
#[derive(Clone)]
pub struct Key(SigningKey);

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Key")
    }
}

impl Key {
    /// A new key.
    ///
    /// # Errors
    /// [`ReleaseError::Randomness`].
    pub fn generate() -> Result<Self, ReleaseError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| ReleaseError::Randomness)?;
        Ok(Self::from_seed(seed))
    }

    /// The key with this seed.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// Reads a file: 64 hexadecimal digits; lines that begin with `#` are comments.
    ///
    /// # Errors
    /// [`ReleaseError::KeyMalformed`], [`ReleaseError::File`].
    pub fn read(path: &Path) -> Result<Self, ReleaseError> {
        Ok(Self::from_seed(read_digits(path)?))
    }

    /// Writes it to a file that must not be there, readable by its owner alone.
    ///
    /// # Errors
    /// [`ReleaseError::File`].
    pub fn write(&self, path: &Path, role: &str) -> Result<(), ReleaseError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let digits = hex(&self.0.to_bytes());
        let text = format!(
            "# Sotto: a key of the TUF role {role}. Whoever has this file can sign as {role}.\n{digits}\n"
        );
        options
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(ReleaseError::file(path))
    }

    /// Writes its public half, which whoever writes the root needs.
    ///
    /// # Errors
    /// [`ReleaseError::File`].
    pub fn write_public(&self, path: &Path) -> Result<(), ReleaseError> {
        let digits = hex(&self.0.verifying_key().to_bytes());
        files::write(path, format!("{digits}\n").as_bytes())
    }

    /// Its public half, as metadata holds it.
    pub fn public(&self) -> PublicKey {
        public_key(self.0.verifying_key().to_bytes())
    }

    /// The name by which metadata refers to it: a hash of its public half.
    pub fn id(&self) -> Decoded<Hex> {
        // It can only fail where a key cannot be written as JSON.
        self.public().key_id().unwrap_or_else(|_| Vec::new().into())
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).to_bytes().to_vec()
    }
}

/// Reads what [`Key::write_public`] wrote.
///
/// # Errors
/// As [`Key::read`].
pub fn read_public(path: &Path) -> Result<PublicKey, ReleaseError> {
    Ok(public_key(read_digits(path)?))
}

fn public_key(bytes: [u8; 32]) -> PublicKey {
    PublicKey::Ed25519 {
        keyval: Ed25519Key {
            public: bytes.to_vec().into(),
            _extra: HashMap::new(),
        },
        scheme: Ed25519Scheme::Ed25519,
        _extra: HashMap::new(),
    }
}

/// 32 bytes from the first line of a file that is no comment.
fn read_digits(path: &Path) -> Result<[u8; 32], ReleaseError> {
    let malformed = || ReleaseError::KeyMalformed { path: path.into() };
    let bytes = files::read(path)?.ok_or_else(malformed)?;
    let text = str::from_utf8(&bytes).map_err(|_| malformed())?;
    let digits = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .filter(|digits| digits.len() == 64 && digits.is_ascii())
        .ok_or_else(malformed)?;
    let mut read = [0; 32];
    for (at, byte) in read.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).map_err(|_| malformed())?;
    }
    Ok(read)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
