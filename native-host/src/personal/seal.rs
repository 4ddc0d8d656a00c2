//! Sealing: XChaCha20-Poly1305 with a random nonce of 192 bits, so that nonces may be drawn for as many rows as anybody has.

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use zeroize::Zeroizing;

use super::PersonalError;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Bytes of a nonce, which stands in front of the ciphertext.
const NONCE_BYTES: usize = 24;

/// What is sealed belongs to this use and this version of it.
const CONTEXT: &str = "sotto-personal-v1";

/// A key for what is personal. Wiped when it is dropped; its `Debug` shows the number alone.
#[derive(Clone)]
pub struct DataKey {
    /// Counted up with each rotation.
    id: u32,
    key: Zeroizing<[u8; KEY_BYTES]>,
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DataKey({}, ..)", self.id)
    }
}

impl DataKey {
    /// A new key.
    ///
    /// # Errors
    /// [`PersonalError::Randomness`]
    pub fn generate(id: u32) -> Result<Self, PersonalError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(&mut key[..]).map_err(|_| PersonalError::Randomness)?;
        Ok(Self { id, key })
    }

    /// The key in hexadecimal digits, for the keyring.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.key.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The key of such a text.
    pub fn from_text(id: u32, text: &str) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if text.len() != 2 * KEY_BYTES || !text.is_ascii() {
            return None;
        }
        for (at, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Self { id, key })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Seals `plain` as `what`.
    ///
    /// # Errors
    /// [`PersonalError::Randomness`]
    pub fn seal(&self, what: &str, plain: &[u8]) -> Result<Vec<u8>, PersonalError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| PersonalError::Randomness)?;
        let aad = self.aad(what);
        let payload = Payload {
            msg: plain,
            aad: aad.as_bytes(),
        };
        // Fails only for texts of 256 GiB.
        let sealed = self.cipher().encrypt((&nonce).into(), payload);
        let sealed = sealed.map_err(|_| PersonalError::Input("That is too long."))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed as `what`.
    ///
    /// # Errors
    /// [`PersonalError::Sealed`] if a bit of it, its name, or the key is another one.
    pub fn open(&self, what: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, PersonalError> {
        let failed = || PersonalError::Sealed { what: what.into() };
        let (nonce, sealed) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(failed)?;
        let aad = self.aad(what);
        let payload = Payload {
            msg: sealed,
            aad: aad.as_bytes(),
        };
        let plain = self.cipher().decrypt(nonce.into(), payload);
        plain.map(Zeroizing::new).map_err(|_| failed())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key).into())
    }

    fn aad(&self, what: &str) -> String {
        format!("{CONTEXT}\n{}\n{what}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_and_nothing_else_does() {
        let key = DataKey::generate(1).unwrap();
        let sealed = key.seal("text 7", b"my words").unwrap();
        assert!(!sealed.windows(5).any(|part| part == b"words"));
        assert_eq!(**key.open("text 7", &sealed).unwrap(), *b"my words");
        let is_locked =
            |outcome: Result<_, _>| matches!(outcome, Err(PersonalError::Sealed { .. }));
        assert!(is_locked(key.open("text 8", &sealed)));
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(is_locked(key.open("text 7", &altered)), "{at}");
            assert!(is_locked(key.open("text 7", &sealed[..at])), "{at}");
        }
        let other = DataKey::generate(1).unwrap();
        assert!(is_locked(other.open("text 7", &sealed)));
        let renumbered = DataKey::from_text(2, &key.to_text()).unwrap();
        assert!(is_locked(renumbered.open("text 7", &sealed)));
        assert_ne!(key.seal("a", b"x").unwrap(), key.seal("a", b"x").unwrap());
    }

    #[test]
    fn a_key_goes_through_its_text_and_is_never_shown() {
        let key = DataKey::generate(3).unwrap();
        let again = DataKey::from_text(3, &key.to_text()).unwrap();
        assert_eq!(*again.key, *key.key);
        assert_eq!(format!("{key:?}"), "DataKey(3, ..)");
        for text in ["", "00", &"g".repeat(64), &"é".repeat(32), &"0".repeat(66)] {
            assert!(DataKey::from_text(3, text).is_none(), "{text}");
        }
    }
}
