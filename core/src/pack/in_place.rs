//! Blobs that stay where they are, outside of this program's memory.

use std::borrow::Cow;
use std::ops::Range;

use super::intake::BlobSum;
use super::{Blob, PackError};

/// Bytes that are hashed at a time.
const PIECE_BYTES: usize = 1 << 16;

/// Where the bytes of a blob are. They are asked for piece by piece, so that a file need not lie in memory beside what is
/// made of it. **Nobody else may change them.**
pub trait BlobBytes {
    /// How many there are.
    fn byte_len(&self) -> usize;

    /// Those at `range`, which lies within [`Self::byte_len`].
    fn read(&self, range: Range<usize>) -> Cow<'_, [u8]>;
}

impl BlobBytes for Vec<u8> {
    fn byte_len(&self) -> usize {
        self.len()
    }

    fn read(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self[range])
    }
}

/// Bytes whose length and SHA-256 are those of a verified manifest.
#[derive(Debug, Clone)]
pub struct VerifiedInPlace<B> {
    bytes: B,
}

impl<B: BlobBytes> VerifiedInPlace<B> {
    pub(super) fn check(blob: &Blob, bytes: B) -> Result<Self, PackError> {
        let mut sum = BlobSum::new(blob);
        let len = bytes.byte_len();
        for start in (0..len).step_by(PIECE_BYTES) {
            sum.update(&bytes.read(start..len.min(start + PIECE_BYTES)));
        }
        sum.finish()?;
        Ok(Self { bytes })
    }
}

impl<B: BlobBytes> BlobBytes for VerifiedInPlace<B> {
    fn byte_len(&self) -> usize {
        self.bytes.byte_len()
    }

    fn read(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        self.bytes.read(range)
    }
}
