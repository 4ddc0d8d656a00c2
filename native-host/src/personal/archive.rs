//! Export and import of an adapter: age with a passphrase, so that it can move to another device.

use std::io::{Read as _, Write as _};
use std::path::Path;

use age::secrecy::SecretString;
use sotto_lm::{Factors, LmError, MAX_ADAPTER_BYTES};
use zeroize::Zeroizing;

use super::PersonalError;
use crate::models::files;

/// Work of scrypt over the passphrase, as a power of two, and the most that a file may ask for: as for keys.
const WORK_FACTOR: u8 = 17;

/// What age adds to an adapter, with much room.
const OVERHEAD_BYTES: usize = 64 * 1024;

/// Writes an adapter that only the passphrase opens.
///
/// # Errors
/// [`PersonalError::File`], [`PersonalError::Export`].
pub(super) fn write(path: &Path, adapter: &[u8], passphrase: String) -> Result<(), PersonalError> {
    let failed = || PersonalError::Export { path: path.into() };
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(WORK_FACTOR);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(|_| failed())?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|_| failed())?;
    writer.write_all(adapter).map_err(|_| failed())?;
    writer.finish().map_err(|_| failed())?;
    Ok(files::write_atomically(path, &sealed, 0o600)?)
}

/// Reads such a file and checks that it holds an adapter. Whether it is for the model that runs is found out when it is used.
///
/// # Errors
/// [`PersonalError::File`], [`PersonalError::Export`] for another passphrase or an altered file, [`PersonalError::Model`] for
/// what is no adapter or of another format.
pub(super) fn read(path: &Path, passphrase: String) -> Result<Zeroizing<Vec<u8>>, PersonalError> {
    let failed = || PersonalError::Export { path: path.into() };
    let sealed = files::read_followed(path, (MAX_ADAPTER_BYTES + OVERHEAD_BYTES) as u64)?;
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase));
    identity.set_max_work_factor(WORK_FACTOR);
    let decryptor = age::Decryptor::new(&sealed[..]).map_err(|_| failed())?;
    let identities = std::iter::once(&identity as &dyn age::Identity);
    let reader = decryptor.decrypt(identities).map_err(|_| failed())?;
    let mut plain = Zeroizing::new(Vec::new());
    let mut reader = reader.take(MAX_ADAPTER_BYTES as u64 + 1);
    reader.read_to_end(&mut plain).map_err(|_| failed())?;
    Factors::from_bytes(&plain).map_err(LmError::from)?;
    Ok(plain)
}
