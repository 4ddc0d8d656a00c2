//! The checks, and the types that only they can make.

use std::sync::Arc;

use sha2::Digest as _;

use super::{
    Blob, BlobBytes, BlobIntake, BlobRole, MAX_MANIFEST_BYTES, Manifest, PackError, PublicKey,
    Sha256, VerifiedInPlace,
};

/// Put in front of the manifest before signing, so that a signature made for something else can never pass here.
const SIGNATURE_CONTEXT: &[u8] = b"sotto-pack-v1\0";

/// A manifest whose signature, fields and version were checked.
#[derive(Debug, Clone)]
pub struct VerifiedManifest {
    manifest: Manifest,
}

/// A blob whose length and SHA-256 are those of a verified manifest.
#[derive(Debug, Clone)]
pub struct VerifiedBlob {
    role: BlobRole,
    name: Option<String>,
    sha256: Sha256,
    bytes: Bytes,
}

/// Owned where a parser takes the bytes over, shared where ONNX Runtime reads them in place.
#[derive(Debug, Clone)]
enum Bytes {
    Owned(Vec<u8>),
    Shared(Arc<[u8]>),
}

/// The verified blobs of one manifest, collected in any order.
#[derive(Debug, Clone, Default)]
pub struct BlobSet {
    blobs: Vec<VerifiedBlob>,
}

/// The bytes that a pack's signature is over.
pub fn signed_bytes(manifest: &[u8]) -> Vec<u8> {
    [SIGNATURE_CONTEXT, manifest].concat()
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

/// Checks size, signature, fields and version, in this order.
///
/// `min_version` is the newest version accepted before, if any: an older pack is a rollback.
///
/// # Errors
/// [`PackError`]; nothing of an unsigned manifest is looked at beyond its length.
pub fn verify_manifest(
    manifest: &[u8],
    signature: &[u8],
    trusted: &[PublicKey],
    min_version: Option<u32>,
) -> Result<VerifiedManifest, PackError> {
    if manifest.len() > MAX_MANIFEST_BYTES {
        return Err(PackError::ManifestTooLarge {
            size_bytes: manifest.len(),
        });
    }
    let signature: &[u8; 64] = signature.try_into().map_err(|_| PackError::Signature)?;
    let message = signed_bytes(manifest);
    if !trusted.iter().any(|key| key.verifies(&message, signature)) {
        return Err(PackError::Signature);
    }
    let manifest = Manifest::parse(manifest)?;
    match min_version {
        Some(minimum) if manifest.version < minimum => Err(PackError::Rollback {
            found: manifest.version,
            minimum,
        }),
        _ => Ok(VerifiedManifest { manifest }),
    }
}

impl VerifiedManifest {
    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Checks length and SHA-256 of the first blob with this role.
    ///
    /// # Errors
    /// [`PackError::BlobMissing`] if the manifest has none, [`PackError::BlobLength`], [`PackError::BlobHash`].
    pub fn verify_blob(&self, role: BlobRole, bytes: Vec<u8>) -> Result<VerifiedBlob, PackError> {
        let blob = self.manifest.blob(role);
        verified(blob.ok_or(PackError::BlobMissing(role))?, bytes)
    }

    /// Checks length and SHA-256 of the blob with this role and name.
    ///
    /// # Errors
    /// As [`Self::verify_blob`].
    pub fn verify_named(
        &self,
        role: BlobRole,
        name: Option<&str>,
        bytes: Vec<u8>,
    ) -> Result<VerifiedBlob, PackError> {
        let blob = self.manifest.named(role, name);
        verified(blob.ok_or(PackError::BlobMissing(role))?, bytes)
    }

    /// Checks length and SHA-256 of the first blob with this role where it is, outside of this program's memory.
    ///
    /// # Errors
    /// As [`Self::verify_blob`].
    pub fn verify_in_place<B: BlobBytes>(
        &self,
        role: BlobRole,
        bytes: B,
    ) -> Result<VerifiedInPlace<B>, PackError> {
        let blob = self.manifest.blob(role);
        VerifiedInPlace::check(blob.ok_or(PackError::BlobMissing(role))?, bytes)
    }

    /// Starts to take in the blob with this role and name piece by piece, hashed on the way, into memory that is
    /// shared afterwards without a copy. Reserves the length that the manifest says.
    ///
    /// # Errors
    /// [`PackError::BlobMissing`] if the manifest has none.
    pub fn receive(&self, role: BlobRole, name: Option<&str>) -> Result<BlobIntake, PackError> {
        let blob = self.manifest.named(role, name);
        Ok(BlobIntake::new(blob.ok_or(PackError::BlobMissing(role))?))
    }
}

fn verified(blob: &Blob, bytes: Vec<u8>) -> Result<VerifiedBlob, PackError> {
    if u32::try_from(bytes.len()) != Ok(blob.bytes) {
        return Err(PackError::BlobLength {
            role: blob.role,
            expected_bytes: blob.bytes,
            found_bytes: bytes.len(),
        });
    }
    if sha256(&bytes) != blob.sha256 {
        return Err(PackError::BlobHash(blob.role));
    }
    Ok(VerifiedBlob::new(blob, Bytes::Owned(bytes)))
}

impl VerifiedBlob {
    fn new(blob: &Blob, bytes: Bytes) -> Self {
        Self {
            role: blob.role,
            name: blob.name.clone(),
            sha256: blob.sha256,
            bytes,
        }
    }

    /// Only for [`BlobIntake`], which has checked the bytes.
    pub(super) fn from_intake(blob: &Blob, bytes: Arc<[u8]>) -> Self {
        Self::new(blob, Bytes::Shared(bytes))
    }

    /// What it is for.
    pub fn role(&self) -> BlobRole {
        self.role
    }

    /// Name under which graphs refer to it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its SHA-256, which was checked.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Owned(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }

    /// Its bytes; without a copy if they came by [`VerifiedManifest::verify_blob`].
    pub fn into_bytes(self) -> Vec<u8> {
        match self.bytes {
            Bytes::Owned(bytes) => bytes,
            Bytes::Shared(bytes) => bytes.to_vec(),
        }
    }

    /// Its bytes; without a copy if they came by [`VerifiedManifest::receive`].
    pub fn into_shared(self) -> Arc<[u8]> {
        match self.bytes {
            Bytes::Owned(bytes) => bytes.into(),
            Bytes::Shared(bytes) => bytes,
        }
    }
}

/// By content, which the sum stands for: how the bytes are held makes no difference.
impl PartialEq for VerifiedBlob {
    fn eq(&self, other: &Self) -> bool {
        (self.role, &self.name, self.sha256) == (other.role, &other.name, other.sha256)
    }
}

impl Eq for VerifiedBlob {}

impl BlobSet {
    /// Adds a blob; takes the place of one with the same role and name.
    pub fn insert(&mut self, blob: VerifiedBlob) {
        self.blobs
            .retain(|held| held.role != blob.role || held.name != blob.name);
        self.blobs.push(blob);
    }

    /// The blob with this role, the first one of several.
    ///
    /// # Errors
    /// [`PackError::BlobMissing`].
    pub fn get(&self, role: BlobRole) -> Result<&VerifiedBlob, PackError> {
        self.blobs
            .iter()
            .find(|blob| blob.role == role)
            .ok_or(PackError::BlobMissing(role))
    }

    /// Takes the first blob with this role out, so that its bytes need no copy.
    ///
    /// # Errors
    /// [`PackError::BlobMissing`].
    pub fn take(&mut self, role: BlobRole) -> Result<VerifiedBlob, PackError> {
        self.take_where(role, |_| true)
    }

    /// Takes the blob with this role and name out.
    ///
    /// # Errors
    /// [`PackError::BlobMissing`].
    pub fn take_named(&mut self, role: BlobRole, name: &str) -> Result<VerifiedBlob, PackError> {
        self.take_where(role, |blob| blob.name.as_deref() == Some(name))
    }

    fn take_where(
        &mut self,
        role: BlobRole,
        matches: impl Fn(&VerifiedBlob) -> bool,
    ) -> Result<VerifiedBlob, PackError> {
        let index = self
            .blobs
            .iter()
            .position(|blob| blob.role == role && matches(blob))
            .ok_or(PackError::BlobMissing(role))?;
        // Not `swap_remove`: "the first one" must stay the first one.
        Ok(self.blobs.remove(index))
    }
}

impl IntoIterator for BlobSet {
    type Item = VerifiedBlob;
    type IntoIter = std::vec::IntoIter<VerifiedBlob>;

    fn into_iter(self) -> Self::IntoIter {
        self.blobs.into_iter()
    }
}
