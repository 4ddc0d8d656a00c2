//! Export and import of adapters and texts: age with a passphrase, so that they can move to another device. Works on bytes in
//! memory; whether they are a file of the command line or come from the browser in chunks is not its business.

use std::io::{Read as _, Write as _};

use age::DecryptError;
use age::secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sotto_core::protocol::MAX_EXPORT_BYTES;
use sotto_lm::{Factors, LmError, MAX_ADAPTER_BYTES};
use zeroize::{Zeroize as _, Zeroizing};

use super::PersonalError;

/// Work of scrypt over the passphrase, as a power of two, and the most that a file may ask for: as for keys.
const WORK_FACTOR: u8 = 17;

/// How the plain form of exported texts begins; JSON follows. An adapter begins with the length of its header.
const TEXTS: &[u8] = b"sotto-texts-v1\n";

/// How texts of any version begin.
const ANY_TEXTS: &[u8] = b"sotto-texts-";

/// What an exported file holds.
pub(super) enum Content {
    /// An adapter. Whether it is for the model that runs is not checked here.
    Adapter(Zeroizing<Vec<u8>>),
    /// Texts, the oldest first.
    Texts(Vec<ArchivedText>),
}

/// A text as it is exported.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArchivedText {
    /// When it was kept, in seconds since 1970.
    pub(super) at_s: i64,
    /// Where it was written.
    pub(super) site: String,
    /// What was written.
    pub(super) text: String,
}

impl Drop for ArchivedText {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl std::fmt::Debug for ArchivedText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ArchivedText({} bytes)", self.text.len())
    }
}

/// Texts in the form that is sealed.
pub(super) fn plain_texts(texts: &[ArchivedText]) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(TEXTS.to_vec());
    // Plain data: it cannot fail.
    plain.extend(Zeroizing::new(serde_json::to_vec(texts).unwrap_or_default()).iter());
    plain
}

/// Seals `plain`, so that only the passphrase opens it.
///
/// # Errors
/// [`PersonalError::TooLarge`], [`PersonalError::Randomness`].
pub(super) fn seal(plain: &[u8], passphrase: String) -> Result<Vec<u8>, PersonalError> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(WORK_FACTOR);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let failed = || PersonalError::Randomness;
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(|_| failed())?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|_| failed())?;
    writer.write_all(plain).map_err(|_| failed())?;
    writer.finish().map_err(|_| failed())?;
    match sealed.len() <= MAX_EXPORT_BYTES as usize {
        true => Ok(sealed),
        false => Err(too_large()),
    }
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`PersonalError::WrongPassphrase`], [`PersonalError::Export`] for an altered file or what is none, [`PersonalError::Model`] for
/// an adapter of another format, [`PersonalError::Input`] for texts of a later one.
pub(super) fn open(sealed: &[u8], passphrase: String) -> Result<Content, PersonalError> {
    if sealed.len() > MAX_EXPORT_BYTES as usize {
        return Err(too_large());
    }
    let damaged = || PersonalError::Export;
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase));
    identity.set_max_work_factor(WORK_FACTOR);
    let decryptor = age::Decryptor::new(sealed).map_err(|_| damaged())?;
    let identities = std::iter::once(&identity as &dyn age::Identity);
    let mut reader = decryptor.decrypt(identities).map_err(|error| match error {
        DecryptError::KeyDecryptionFailed | DecryptError::DecryptionFailed => {
            PersonalError::WrongPassphrase
        }
        _ => damaged(),
    })?;
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut plain).map_err(|_| damaged())?;
    if let Some(json) = plain.strip_prefix(TEXTS) {
        let texts = serde_json::from_slice(json).map_err(|_| damaged())?;
        return Ok(Content::Texts(texts));
    }
    if plain.starts_with(ANY_TEXTS) {
        return Err(PersonalError::Input(
            "The file was made by a newer version of Sotto.",
        ));
    }
    if plain.len() > MAX_ADAPTER_BYTES {
        return Err(damaged());
    }
    Factors::from_bytes(&plain).map_err(LmError::from)?;
    Ok(Content::Adapter(plain))
}

pub(super) fn too_large() -> PersonalError {
    PersonalError::TooLarge {
        max_mib: MAX_EXPORT_BYTES >> 20,
    }
}

#[cfg(test)]
mod tests {
    use sotto_core::protocol::{Coded as _, ErrorCode};

    use super::*;

    const PASSPHRASE: &str = "correct horse battery";

    fn texts() -> Vec<ArchivedText> {
        let text = |at_s, text: &str| ArchivedText {
            at_s,
            site: "https://mail.example".into(),
            text: text.to_owned(),
        };
        vec![
            text(1, "The harbour is closed."),
            text(2, "Bring the \"blue\" rope."),
        ]
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        seal(plain, PASSPHRASE.to_owned()).unwrap()
    }

    fn code(sealed: &[u8], passphrase: &str) -> ErrorCode {
        match open(sealed, passphrase.to_owned()) {
            Ok(_) => panic!("it opens"),
            Err(error) => error.code(),
        }
    }

    #[test]
    fn texts_come_back_with_their_passphrase_alone() {
        let file = sealed(&plain_texts(&texts()));
        assert!(!file.windows(7).any(|bytes| bytes == b"harbour"));
        let Ok(Content::Texts(found)) = open(&file, PASSPHRASE.to_owned()) else {
            panic!("texts")
        };
        assert_eq!(found, texts());
        assert_eq!(
            code(&file, "another horse battery"),
            ErrorCode::PersonalLocked
        );
    }

    #[test]
    fn what_is_damaged_is_told_from_another_passphrase() {
        let mut file = sealed(&plain_texts(&texts()));
        *file.last_mut().unwrap() ^= 1;
        assert_eq!(code(&file, PASSPHRASE), ErrorCode::AdapterInvalid);
        let cut = &file[..file.len() - 20];
        assert_eq!(code(cut, PASSPHRASE), ErrorCode::AdapterInvalid);
        assert_eq!(code(b"", PASSPHRASE), ErrorCode::AdapterInvalid);
        assert_eq!(
            code(b"a letter to a friend", PASSPHRASE),
            ErrorCode::AdapterInvalid
        );
    }

    #[test]
    fn what_is_in_it_must_be_an_adapter_or_texts_of_this_version() {
        for plain in [&b"no adapter"[..], b"sotto-texts-v1\nno JSON"] {
            assert_eq!(code(&sealed(plain), PASSPHRASE), ErrorCode::AdapterInvalid);
        }
        let newer = sealed(b"sotto-texts-v2\n[]");
        assert_eq!(code(&newer, PASSPHRASE), ErrorCode::BadRequest);
    }

    #[test]
    fn more_than_any_export_is_not_even_looked_at() {
        let large = vec![0; MAX_EXPORT_BYTES as usize + 1];
        assert_eq!(code(&large, PASSPHRASE), ErrorCode::TooLarge);
    }
}
