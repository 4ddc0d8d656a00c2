//! Models for the browser, which has no network of its own: what an update brought is read out to the extension, a chunk at a
//! time. The manifest is verified here before a byte is handed on, and everything again by whoever gets it.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sotto_core::pack::{
    MAX_MANIFEST_BYTES, PublicKey, Runtime, VerifiedManifest, sha256, verify_manifest,
};
use sotto_core::protocol::{
    ErrorCode, HostEvent, HostRequest, PACK_CHUNK_BYTES, PackChunk, PackOffer, PackPart, WireError,
};

use crate::models::{ModelError, files};

/// The model that runs in the browser.
pub const BROWSER_MODEL: &str = "sotto-nano";

/// A good signature has 64 bytes.
const MAX_SIGNATURE_BYTES: u64 = 1_024;

/// A pack for the browser, verified up to its manifest.
struct Pack {
    folder: PathBuf,
    manifest: VerifiedManifest,
    /// As they were signed.
    text: String,
    signature: Vec<u8>,
}

/// Answers `offerPack` and `readPack` from these folders of packs, of which the newest counts.
pub fn answer(request: HostRequest, folders: &[PathBuf], trusted: &[PublicKey]) -> HostEvent {
    match request {
        HostRequest::OfferPack { id, newer_than } => HostEvent::PackOffer {
            id,
            offer: newest(folders, trusted)
                .filter(|pack| pack.version() > newer_than)
                .map(|pack| pack.offer()),
        },
        HostRequest::ReadPack { id, part } => match chunk(folders, trusted, &part) {
            Ok(chunk) => HostEvent::PackChunk { id, chunk },
            Err(error) => HostEvent::Error { id, error },
        },
        other => HostEvent::Error {
            id: crate::broker::id_of(&other),
            error: wire_error(ErrorCode::BadRequest, "This is no request for a model."),
        },
    }
}

/// The newest pack that verifies; one that does not is passed over.
fn newest(folders: &[PathBuf], trusted: &[PublicKey]) -> Option<Pack> {
    folders
        .iter()
        .filter_map(|folder| Pack::open(folder, trusted).ok())
        .max_by_key(Pack::version)
}

fn chunk(
    folders: &[PathBuf],
    trusted: &[PublicKey],
    part: &PackPart,
) -> Result<PackChunk, WireError> {
    let gone = || {
        wire_error(
            ErrorCode::PackBlobMissing,
            "The newer model is not there any more. Look for it again.",
        )
    };
    let pack = newest(folders, trusted).filter(|pack| pack.version() == part.version);
    let bytes = pack.ok_or_else(gone)?.read(part).ok_or_else(gone)?;
    Ok(PackChunk {
        index: part.index,
        sha256: sha256(&bytes).to_string(),
        data: STANDARD.encode(bytes),
    })
}

impl Pack {
    fn open(folder: &Path, trusted: &[PublicKey]) -> Result<Self, ModelError> {
        let bytes = files::read(&folder.join("manifest.json"), MAX_MANIFEST_BYTES as u64)?;
        let signature = files::read(&folder.join("manifest.sig"), MAX_SIGNATURE_BYTES)?;
        let manifest =
            verify_manifest(&bytes, &signature, trusted, None).map_err(ModelError::pack(folder))?;
        let fields = manifest.manifest();
        if fields.runtime != Runtime::Burn || fields.name != BROWSER_MODEL {
            return Err(ModelError::WrongPack {
                path: folder.into(),
            });
        }
        // JSON that could be read is UTF-8.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self {
            folder: folder.into(),
            manifest,
            text,
            signature,
        })
    }

    fn version(&self) -> u32 {
        self.manifest.manifest().version
    }

    fn offer(self) -> PackOffer {
        PackOffer {
            version: self.version(),
            signature: self
                .signature
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            manifest: self.text,
        }
    }

    /// The bytes of a chunk; nothing if the manifest names no such file, it has no such chunk, or it is not there.
    fn read(&self, part: &PackPart) -> Option<Vec<u8>> {
        let blobs = &self.manifest.manifest().blobs;
        let blob = blobs
            .iter()
            .find(|blob| blob.sha256.to_string() == part.file)?;
        let from = u64::from(part.index) * u64::from(PACK_CHUNK_BYTES);
        let len = u64::from(blob.bytes)
            .checked_sub(from)?
            .min(u64::from(PACK_CHUNK_BYTES));
        if len == 0 {
            return None;
        }
        let mut file = files::open(&self.folder.join("blobs").join(&part.file)).ok()?;
        file.seek(SeekFrom::Start(from)).ok()?;
        let mut bytes = vec![0; usize::try_from(len).ok()?];
        file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

fn wire_error(code: ErrorCode, message: &str) -> WireError {
    WireError {
        code,
        message: message.to_owned(),
        retryable: code.retryable(),
    }
}

#[cfg(test)]
mod tests;
