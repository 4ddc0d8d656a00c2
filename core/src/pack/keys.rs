//! The keys that this build trusts.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, VerifyingKey};

use super::blob::parse_hex;

/// An ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// Signs packs made from a checkout. Its seed is in `tools/pack/dev-signing-key.hex`, so it proves nothing about releases.
#[cfg(feature = "dev-key")]
const DEVELOPMENT_KEY: PublicKey = PublicKey([
    0xdd, 0x18, 0x7a, 0x8c, 0xd9, 0x11, 0x5e, 0x0c, 0xb8, 0xf5, 0xc1, 0x2d, 0xbb, 0x68, 0x34, 0xfc,
    0x49, 0x00, 0xa9, 0x5e, 0x2a, 0xd2, 0x4c, 0x1a, 0x30, 0xfa, 0x24, 0xab, 0xea, 0xaa, 0x23, 0x7d,
]);

/// Release keys, newest last. Empty until the first release: a build without `dev-key` trusts nothing yet.
const RELEASE_KEYS: &[PublicKey] = &[];

/// The keys compiled into this build: the release keys, and the development key if the feature `dev-key` is on.
pub fn trusted_keys() -> Vec<PublicKey> {
    #[cfg_attr(
        not(feature = "dev-key"),
        expect(unused_mut, reason = "only the development key is pushed")
    )]
    let mut keys = RELEASE_KEYS.to_vec();
    #[cfg(feature = "dev-key")]
    keys.push(DEVELOPMENT_KEY);
    keys
}

impl PublicKey {
    /// The key with these bytes. Bytes that are no point on the curve make a key that verifies nothing.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Whether `signature` is this key's over `message`. Strict: refuses small-order keys and malleable signatures.
    pub(super) fn verifies(self, message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| {
            key.verify_strict(message, &Signature::from_bytes(signature))
                .is_ok()
        })
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for PublicKey {
    type Err = NotAKey;

    fn from_str(digits: &str) -> Result<Self, NotAKey> {
        parse_hex(digits).map(Self).ok_or(NotAKey)
    }
}

/// A text that is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 64 lower-case hexadecimal digits")]
pub struct NotAKey;
