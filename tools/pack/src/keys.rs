//! Signing keys: an ed25519 seed as hexadecimal digits in a text file, lines with `#` are comments.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use sotto_core::pack::{PublicKey, signed_bytes};

use crate::error::ToolError;
use crate::folder;

/// Largest key file read, in bytes: digits and a comment.
const MAX_KEY_FILE_BYTES: u64 = 4_096;

/// A key that signs packs.
pub(crate) struct PackKey(SigningKey);

impl PackKey {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self, ToolError> {
        let bytes = folder::read(path, MAX_KEY_FILE_BYTES)?;
        let seed = str::from_utf8(&bytes).ok().and_then(seed_of);
        seed.map(|seed| Self(SigningKey::from_bytes(&seed)))
            .ok_or(ToolError::KeyMalformed { path: path.into() })
    }

    /// Its public half.
    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().to_bytes())
    }

    /// Signs a manifest.
    pub(crate) fn sign(&self, manifest: &[u8]) -> [u8; 64] {
        self.0.sign(&signed_bytes(manifest)).to_bytes()
    }
}

/// Makes a new key and writes it to `path`, which must not exist. Gives the public key, as text and as Rust.
pub(crate) fn generate(path: &Path) -> Result<String, ToolError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(ToolError::Randomness)?;
    let text = format!(
        "# Sotto pack signing key: an ed25519 seed in hex. Secret: keep it off every shared machine.\n{}\n",
        hex(&seed)
    );
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| ToolError::File {
            path: path.into(),
            source,
        })?;
    let public = PackKey(SigningKey::from_bytes(&seed)).public().to_bytes();
    let rust: Vec<String> = public.iter().map(|byte| format!("{byte:#04x}")).collect();
    Ok(format!(
        "public key {}\nPublicKey([{}])",
        hex(&public),
        rust.join(", ")
    ))
}

fn seed_of(text: &str) -> Option<[u8; 32]> {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (digits, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut seed = [0; 32];
    for (at, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(seed)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds() {
        let digits = "0123456789abcdef".repeat(4);
        assert!(
            seed_of(&format!("# a comment\n\n {digits} \n"))
                .is_some_and(|seed| seed[..3] == [0x01, 0x23, 0x45])
        );
        for bad in [
            "",
            "# only",
            &digits[1..],
            &format!("{digits}\n{digits}"),
            &"é".repeat(32),
            &"+1".repeat(32),
        ] {
            assert_eq!(seed_of(bad), None, "{bad}");
        }
    }
}
