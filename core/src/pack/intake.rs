//! Taking a blob in piece by piece. Reading is the caller's work; here the bytes are hashed where they are or will stay.

use std::sync::Arc;

use sha2::Digest as _;

use super::{Blob, PackError, Sha256, VerifiedBlob};

/// Most bytes that [`BlobIntake::spare`] offers at once: small enough that hashing them finds them in the cache.
pub const INTAKE_BYTES: usize = 1 << 20;

/// The length and hash of a blob so far.
#[derive(Debug)]
pub(super) struct BlobSum {
    blob: Blob,
    hashed: usize,
    hasher: sha2::Sha256,
}

impl BlobSum {
    pub(super) fn new(blob: &Blob) -> Self {
        Self {
            blob: blob.clone(),
            hashed: 0,
            hasher: sha2::Sha256::new(),
        }
    }

    /// The next bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.hashed = self.hashed.saturating_add(bytes.len());
    }

    /// Whether what was shown is the blob in the manifest.
    ///
    /// # Errors
    /// [`PackError::BlobLength`], [`PackError::BlobHash`].
    pub(super) fn finish(self) -> Result<(), PackError> {
        if u32::try_from(self.hashed) != Ok(self.blob.bytes) {
            return Err(PackError::BlobLength {
                role: self.blob.role,
                expected_bytes: self.blob.bytes,
                found_bytes: self.hashed,
            });
        }
        if Sha256(self.hasher.finalize().into()) != self.blob.sha256 {
            return Err(PackError::BlobHash(self.blob.role));
        }
        Ok(())
    }
}

/// A blob on its way in. 500 MB are read once, hashed once and never copied: ONNX Runtime shares this memory.
///
/// Fill what [`Self::spare`] offers, say how much with [`Self::advance`], until it offers nothing; then
/// [`Self::finish`].
#[derive(Debug)]
pub struct BlobIntake {
    sum: BlobSum,
    bytes: Arc<[u8]>,
}

impl BlobIntake {
    pub(super) fn new(blob: &Blob) -> Self {
        // An exact-size iterator of known length fills the `Arc` itself; a `Vec` in between would double the peak.
        let bytes = std::iter::repeat_n(0, blob.bytes as usize).collect();
        Self {
            sum: BlobSum::new(blob),
            bytes,
        }
    }

    /// The blob's entry in the manifest.
    pub fn blob(&self) -> &Blob {
        &self.sum.blob
    }

    /// Room for the next bytes, at most [`INTAKE_BYTES`]; empty when all are there.
    pub fn spare(&mut self) -> &mut [u8] {
        let start = self.sum.hashed;
        let end = self.bytes.len().min(start + INTAKE_BYTES);
        match Arc::get_mut(&mut self.bytes) {
            Some(bytes) => &mut bytes[start..end],
            // Nobody else can hold the `Arc` before `finish` gives it away.
            None => &mut [],
        }
    }

    /// The first `len` bytes of the spare room are filled. More than there was room for counts as all of it.
    pub fn advance(&mut self, len: usize) {
        let start = self.sum.hashed;
        let end = self.bytes.len().min(start.saturating_add(len));
        self.sum.update(&self.bytes[start..end]);
    }

    /// The blob, if it is the one in the manifest.
    ///
    /// # Errors
    /// [`PackError::BlobLength`] if bytes are missing, [`PackError::BlobHash`].
    pub fn finish(self) -> Result<VerifiedBlob, PackError> {
        let blob = self.sum.blob.clone();
        self.sum.finish()?;
        Ok(VerifiedBlob::from_intake(&blob, self.bytes))
    }
}
