//! The first bytes of a patch: everything that can be judged before something is unpacked.

use sotto_core::pack::Sha256;

use super::{MAX_BLOB_BYTES, PatchError};

/// What every patch begins with; the last byte is the version of the format.
const MAGIC: &[u8; 12] = b"sotto-patch\x01";

/// Length of the header, in bytes.
pub const HEADER_BYTES: usize = MAGIC.len() + 4 + 4 + 4 + 32 + 32;

/// How a patch gets from the old blob to the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A zstd frame whose dictionary is the whole old blob (what `zstd --patch-from` makes).
    Prefix,
    /// A zstd frame of differences between numbers at the same place; see `layout`.
    Delta,
}

/// The header.
///
/// ```text
/// 12 bytes  "sotto-patch" and the version, 1
///  4        method, little-endian: 1 prefix, 2 delta
///  4        length of the old blob, in bytes, little-endian
///  4        length of the new blob
/// 32        SHA-256 of the old blob
/// 32        SHA-256 of the new blob
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// How it is applied.
    pub method: Method,
    /// Length of the old blob, in bytes.
    pub base_bytes: u32,
    /// Length of the new blob, in bytes.
    pub output_bytes: u32,
    /// SHA-256 of the old blob.
    pub base: Sha256,
    /// SHA-256 of the new blob.
    pub output: Sha256,
}

impl Header {
    /// Splits a patch into its header and what follows.
    ///
    /// # Errors
    /// [`PatchError::Malformed`]; [`PatchError::TooLarge`] for lengths that no patch of ours has.
    pub fn read(patch: &[u8]) -> Result<(Self, &[u8]), PatchError> {
        let short = PatchError::Malformed("too short");
        let (head, payload) = patch.split_at_checked(HEADER_BYTES).ok_or(short)?;
        let mut rest = head;
        if take::<12>(&mut rest) != *MAGIC {
            return Err(PatchError::Malformed("not a patch of this format"));
        }
        let method = match u32::from_le_bytes(take(&mut rest)) {
            1 => Method::Prefix,
            2 => Method::Delta,
            _ => return Err(PatchError::Malformed("an unknown method")),
        };
        let header = Self {
            method,
            base_bytes: u32::from_le_bytes(take(&mut rest)),
            output_bytes: u32::from_le_bytes(take(&mut rest)),
            base: Sha256(take(&mut rest)),
            output: Sha256(take(&mut rest)),
        };
        if header.base_bytes > MAX_BLOB_BYTES || header.output_bytes > MAX_BLOB_BYTES {
            return Err(PatchError::TooLarge);
        }
        Ok((header, payload))
    }

    /// Its bytes.
    pub fn write(&self) -> Vec<u8> {
        let method: u32 = match self.method {
            Method::Prefix => 1,
            Method::Delta => 2,
        };
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        for number in [method, self.base_bytes, self.output_bytes] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.base.0);
        bytes.extend_from_slice(&self.output.0);
        bytes
    }
}

/// The next `N` bytes. The caller has checked the length of the whole.
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let mut taken = [0; N];
    if let Some((head, tail)) = rest.split_at_checked(N) {
        taken.copy_from_slice(head);
        *rest = tail;
    }
    taken
}
