//! The checks, and the types that only they can make.

use sha2::Digest as _;

use super::{BlobRole, MAX_MANIFEST_BYTES, Manifest, PackError, PublicKey, Sha256};

/// Put in front of the manifest before signing, so that a signature made for something else can never pass here.
const SIGNATURE_CONTEXT: &[u8] = b"sotto-pack-v1\0";

/// A manifest whose signature, fields and version were checked.
#[derive(Debug, Clone)]
pub struct VerifiedManifest {
    manifest: Manifest,
}

/// A blob whose length and SHA-256 are those of a verified manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBlob {
    role: BlobRole,
    sha256: Sha256,
    bytes: Vec<u8>,
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

    /// Checks a blob's length and SHA-256 against the manifest.
    ///
    /// # Errors
    /// [`PackError::BlobLength`], [`PackError::BlobHash`].
    pub fn verify_blob(&self, role: BlobRole, bytes: Vec<u8>) -> Result<VerifiedBlob, PackError> {
        let blob = self
            .manifest
            .blob(role)
            .ok_or(PackError::BlobMissing(role))?;
        if u32::try_from(bytes.len()) != Ok(blob.bytes) {
            return Err(PackError::BlobLength {
                role,
                expected_bytes: blob.bytes,
                found_bytes: bytes.len(),
            });
        }
        if sha256(&bytes) != blob.sha256 {
            return Err(PackError::BlobHash(role));
        }
        Ok(VerifiedBlob {
            role,
            sha256: blob.sha256,
            bytes,
        })
    }
}

impl VerifiedBlob {
    /// What it is for.
    pub fn role(&self) -> BlobRole {
        self.role
    }

    /// Its SHA-256, which was checked.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its bytes, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl BlobSet {
    /// Adds a blob; takes the place of one with the same role.
    pub fn insert(&mut self, blob: VerifiedBlob) {
        self.blobs.retain(|held| held.role != blob.role);
        self.blobs.push(blob);
    }

    /// The blob with this role.
    ///
    /// # Errors
    /// [`PackError::BlobMissing`].
    pub fn get(&self, role: BlobRole) -> Result<&VerifiedBlob, PackError> {
        self.blobs
            .iter()
            .find(|blob| blob.role == role)
            .ok_or(PackError::BlobMissing(role))
    }

    /// Takes the blob with this role out, so that its bytes need no copy.
    ///
    /// # Errors
    /// [`PackError::BlobMissing`].
    pub fn take(&mut self, role: BlobRole) -> Result<VerifiedBlob, PackError> {
        let index = self
            .blobs
            .iter()
            .position(|blob| blob.role == role)
            .ok_or(PackError::BlobMissing(role))?;
        Ok(self.blobs.swap_remove(index))
    }
}
