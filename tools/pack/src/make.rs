//! Files of a model in, signed pack out.

use std::path::{Path, PathBuf};

use sotto_core::pack::{
    Assist, Blob, BlobRole, BlobSet, FORMAT, KnownAnswer, Manifest, Quantization, Runtime,
    VerifiedManifest, sha256, verify_manifest,
};
use sotto_core::suggestion::SuggestionSettings;

use crate::arguments::MakeOptions;
use crate::error::ToolError;
use crate::folder::{self, BLOBS, MANIFEST, SIGNATURE};
use crate::keys::PackKey;
use crate::make_onnx;
use crate::model::Model;

/// File names as Hugging Face transformers writes them.
const SOURCES: [(BlobRole, &str); 3] = [
    (BlobRole::Config, "config.json"),
    (BlobRole::Tokenizer, "tokenizer.json"),
    (BlobRole::Weights, "model.safetensors"),
];

/// Largest file with a `suggestion` object, in bytes.
const MAX_SUGGESTION_BYTES: u64 = 16_384;

/// Makes a pack.
pub(crate) fn run(options: &MakeOptions) -> Result<String, ToolError> {
    match options.runtime {
        Runtime::Burn => make_burn(options),
        Runtime::Onnx => make_onnx::run(options),
    }
}

fn make_burn(options: &MakeOptions) -> Result<String, ToolError> {
    let key = PackKey::read(&options.key)?;
    let suggestion = options
        .suggestion
        .as_deref()
        .map_or(Ok(SuggestionSettings::default()), read_suggestion)?;
    let mut sources = Vec::new();
    for (role, name) in SOURCES {
        sources.push((
            role,
            folder::read(&options.blobs.join(name), role.max_bytes().into())?,
        ));
    }
    let blob = |(role, bytes): &(BlobRole, Vec<u8>)| Blob {
        role: *role,
        name: None,
        sha256: sha256(bytes),
        // Cannot fail: `read` has checked the length against a limit of u32.
        bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
    };
    let mut manifest = Manifest {
        format: FORMAT,
        name: options.name.clone(),
        version: options.version,
        license: options.license.clone(),
        architecture: "llama".into(),
        runtime: Runtime::Burn,
        quantization: quantization(&sources[2].1),
        parameters: 1,
        context_tokens: 1,
        blobs: sources.iter().map(blob).collect(),
        graphs: Vec::new(),
        assist: Assist::default(),
        known_answer: KnownAnswer {
            prompt_ids: vec![0],
            greedy_ids: vec![0],
        },
        suggestion,
    };
    // The model is loaded through the reader's own checks: sign a draft, verify it, load what was verified.
    let (draft, _, _) = signed(&manifest, &key)?;
    let mut blobs = BlobSet::default();
    for (role, bytes) in &sources {
        blobs.insert(draft.verify_blob(*role, bytes.clone())?);
    }
    let mut model = Model::load(blobs)?;
    let (known_answer, margin) = model.known_answer()?;
    manifest.parameters = model.parameters();
    manifest.context_tokens = model.context_tokens();
    manifest.known_answer = known_answer;

    write(
        &manifest,
        &key,
        &options.out,
        sources.iter().map(|(_, bytes)| bytes.as_slice()),
    )?;
    Ok(format!(
        "{}: {} version {}, {} parameters, known answer with margin {margin:.3}",
        options.out.display(),
        manifest.name,
        manifest.version,
        manifest.parameters
    ))
}

/// Signs and writes a pack; `files` in the order of the manifest's blobs.
pub(crate) fn write<'a>(
    manifest: &Manifest,
    key: &PackKey,
    out: &Path,
    files: impl Iterator<Item = &'a [u8]>,
) -> Result<(), ToolError> {
    let (_, json, signature) = signed(manifest, key)?;
    let mut named: Vec<(PathBuf, &[u8])> =
        vec![(MANIFEST.into(), &json), (SIGNATURE.into(), &signature)];
    for (blob, bytes) in manifest.blobs.iter().zip(files) {
        named.push((Path::new(BLOBS).join(blob.sha256.to_string()), bytes));
    }
    folder::replace(out, &named)
}

/// The manifest as it is written, with its signature, after the checks that every reader makes.
fn signed(
    manifest: &Manifest,
    key: &PackKey,
) -> Result<(VerifiedManifest, Vec<u8>, [u8; 64]), ToolError> {
    let mut json = serde_json::to_vec_pretty(manifest).map_err(ToolError::ManifestJson)?;
    json.push(b'\n');
    let signature = key.sign(&json);
    let verified = verify_manifest(&json, &signature, &[key.public()], None)?;
    Ok((verified, json, signature))
}

fn read_suggestion(path: &Path) -> Result<SuggestionSettings, ToolError> {
    let json = folder::read(path, MAX_SUGGESTION_BYTES)?;
    serde_json::from_slice(&json).map_err(|source| ToolError::Suggestion {
        path: path.into(),
        source,
    })
}

/// Whether a safetensors header names 8-bit tensors. Whether the rest of the file is right, the loader says.
fn quantization(weights: &[u8]) -> Quantization {
    let header = weights.split_first_chunk::<8>().and_then(|(len, rest)| {
        let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(rest.get(..len)?).ok()
    });
    let is_int8 =
        header.is_some_and(|header| header.values().any(|tensor| tensor["dtype"] == "I8"));
    if is_int8 {
        Quantization::Int8
    } else {
        Quantization::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantization_is_read_from_the_header() {
        let file =
            |header: &str| [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
        assert_eq!(
            quantization(&file(r#"{"w": {"dtype": "I8"}, "__metadata__": {}}"#)),
            Quantization::Int8
        );
        assert_eq!(
            quantization(&file(r#"{"w": {"dtype": "F32"}}"#)),
            Quantization::None
        );
        assert_eq!(quantization(b"short"), Quantization::None);
        assert_eq!(quantization(&[0xFF; 20]), Quantization::None);
    }
}
