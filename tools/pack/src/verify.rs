//! The checks of a reader, and that the model gives its known answer.

use std::path::Path;

use sotto_core::pack::{
    BlobSet, MAX_MANIFEST_BYTES, Manifest, PackError, Runtime, VerifiedManifest, trusted_keys,
    verify_manifest,
};

use crate::error::ToolError;
use crate::folder::{self, BLOBS, MANIFEST, SIGNATURE};
use crate::model::Model;

/// Largest signature file read; a good one has 64 bytes.
const MAX_SIGNATURE_BYTES: u64 = 1_024;

/// Verifies a pack under the keys compiled into this build.
pub(crate) fn run(pack: &Path) -> Result<String, ToolError> {
    let manifest = folder::read(&pack.join(MANIFEST), MAX_MANIFEST_BYTES as u64)?;
    let signature = folder::read(&pack.join(SIGNATURE), MAX_SIGNATURE_BYTES)?;
    let verified = verify_manifest(&manifest, &signature, &trusted_keys(), None)?;
    let blobs = read_blobs(pack, &verified)?;
    if verified.manifest().runtime == Runtime::Onnx {
        return onnx(pack, verified.manifest());
    }
    let mut model = Model::load(blobs)?;
    let manifest = verified.manifest();
    for (what, manifest, model) in [
        ("parameters", manifest.parameters, model.parameters()),
        (
            "tokens of context",
            manifest.context_tokens,
            model.context_tokens(),
        ),
    ] {
        if manifest != model {
            return Err(ToolError::Contradiction {
                what,
                manifest,
                model,
            });
        }
    }
    model.check(&manifest.known_answer)?;
    Ok(format!(
        "{}: {} version {} is good",
        pack.display(),
        manifest.name,
        manifest.version
    ))
}

/// What is left to check of a pack for ONNX Runtime: this tool has none, so the known answer is run by the host's tests.
fn onnx(pack: &Path, manifest: &Manifest) -> Result<String, ToolError> {
    if manifest.known_answer.is_empty() {
        return Err(ToolError::KnownAnswerMissing);
    }
    Ok(format!(
        "{}: {} version {} for ONNX Runtime is signed and whole ({} graphs; known answer not run here)",
        pack.display(),
        manifest.name,
        manifest.version,
        manifest.graphs.len()
    ))
}

/// Reads the blobs that the manifest names. A file that it does not name is an error: it would ship unsigned.
fn read_blobs(pack: &Path, verified: &VerifiedManifest) -> Result<BlobSet, ToolError> {
    let folder = pack.join(BLOBS);
    let mut blobs = BlobSet::default();
    let mut names = Vec::new();
    for blob in &verified.manifest().blobs {
        let path = folder.join(blob.sha256.to_string());
        if !path.exists() {
            return Err(PackError::BlobMissing(blob.role).into());
        }
        let bytes = folder::read(&path, blob.role.max_bytes().into())?;
        blobs.insert(verified.verify_named(blob.role, blob.name.as_deref(), bytes)?);
        names.push(path);
    }
    match folder::list(&folder)?
        .into_iter()
        .find(|path| !names.contains(path))
    {
        Some(path) => Err(ToolError::FileUnexpected { path }),
        None => Ok(blobs),
    }
}
