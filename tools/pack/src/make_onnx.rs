//! A pack for ONNX Runtime from the loose files of an export.
//!
//! The folder holds `config.json`, `tokenizer.json`, the graphs, their weights and `pack.json`, which says what no other
//! file says: `graphs` and `knownAnswer` as in the manifest, `parameters`, and optionally `contextTokens` (otherwise
//! `max_position_embeddings` of `config.json`) and `assist`. The graphs that it describes and the data that they name go
//! into the pack, and `chat_template.jinja` and `generation_config.json` if they are there; other files do not.

use std::path::Path;

use serde::Deserialize;
use sotto_core::pack::{
    Assist, Blob, BlobRole, FORMAT, Graph, KnownAnswer, MAX_CONTEXT_TOKENS, Manifest, Precision,
    Quantization, Runtime, is_file_name, sha256,
};
use sotto_core::suggestion::SuggestionSettings;

use crate::arguments::MakeOptions;
use crate::error::ToolError;
use crate::folder;
use crate::keys::PackKey;
use crate::make::write;

/// Name of the description.
const DESCRIPTION: &str = "pack.json";

/// Largest description, in bytes; a real one has two thousand.
const MAX_DESCRIPTION_BYTES: u64 = 64 * 1024;

/// `pack.json`. Unknown fields are ignored: the export notes there how it was made.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    graphs: Vec<Graph>,
    known_answer: KnownAnswer,
    parameters: u32,
    context_tokens: Option<u32>,
    #[serde(default)]
    assist: Assist,
}

/// A file that goes into the pack.
struct Source {
    role: BlobRole,
    name: Option<String>,
    bytes: Vec<u8>,
}

/// Makes a pack.
pub(crate) fn run(options: &MakeOptions) -> Result<String, ToolError> {
    let key = PackKey::read(&options.key)?;
    let path = options.blobs.join(DESCRIPTION);
    let description: Description =
        serde_json::from_slice(&folder::read(&path, MAX_DESCRIPTION_BYTES)?)
            .map_err(|source| ToolError::Description { path, source })?;
    if description.known_answer.is_empty() {
        return Err(ToolError::KnownAnswerMissing);
    }
    let sources = sources(&options.blobs, &description.graphs)?;
    let blob = |source: &Source| Blob {
        role: source.role,
        name: source.name.clone(),
        sha256: sha256(&source.bytes),
        // Cannot fail: `read` has checked the length against a limit of u32.
        bytes: u32::try_from(source.bytes.len()).unwrap_or(u32::MAX),
    };
    let context_tokens = match description.context_tokens {
        Some(tokens) => tokens,
        None => context_tokens(&options.blobs, &sources)?,
    };
    let manifest = Manifest {
        format: FORMAT,
        name: options.name.clone(),
        version: options.version,
        license: options.license.clone(),
        architecture: "llama".into(),
        runtime: Runtime::Onnx,
        quantization: smallest(&description.graphs),
        parameters: description.parameters,
        context_tokens: context_tokens.min(MAX_CONTEXT_TOKENS),
        blobs: sources.iter().map(blob).collect(),
        graphs: description.graphs,
        assist: description.assist,
        known_answer: description.known_answer,
        suggestion: SuggestionSettings::default(),
    };
    let files = sources.iter().map(|source| source.bytes.as_slice());
    write(&manifest, &key, &options.out, files)?;
    let bytes: u64 = manifest
        .blobs
        .iter()
        .map(|blob| u64::from(blob.bytes))
        .sum();
    Ok(format!(
        "{}: {} version {} for ONNX Runtime, {} graphs, {bytes} bytes",
        options.out.display(),
        manifest.name,
        manifest.version,
        manifest.graphs.len()
    ))
}

/// The files of the folder that belong into a pack, in an order that depends on the description alone.
fn sources(blobs: &Path, graphs: &[Graph]) -> Result<Vec<Source>, ToolError> {
    let mut sources = Vec::new();
    for (role, file, is_required) in [
        (BlobRole::Config, "config.json", true),
        (BlobRole::Tokenizer, "tokenizer.json", true),
        (BlobRole::Template, "chat_template.jinja", false),
        (BlobRole::Generation, "generation_config.json", false),
    ] {
        if is_required || blobs.join(file).exists() {
            sources.push(source(blobs, role, file, None)?);
        }
    }
    for graph in graphs {
        sources.push(source(
            blobs,
            BlobRole::Graph,
            &graph.name,
            Some(&graph.name),
        )?);
    }
    for name in graphs.iter().flat_map(|graph| &graph.data) {
        let is_there =
            |source: &Source| source.role == BlobRole::Data && source.name.as_ref() == Some(name);
        if !sources.iter().any(is_there) {
            sources.push(source(blobs, BlobRole::Data, name, Some(name))?);
        }
    }
    Ok(sources)
}

fn source(
    blobs: &Path,
    role: BlobRole,
    file: &str,
    name: Option<&String>,
) -> Result<Source, ToolError> {
    let path = blobs.join(file);
    if !is_file_name(file) {
        return Err(ToolError::FileName { path });
    }
    Ok(Source {
        role,
        name: name.cloned(),
        bytes: folder::read(&path, role.max_bytes().into())?,
    })
}

fn context_tokens(blobs: &Path, sources: &[Source]) -> Result<u32, ToolError> {
    sources
        .iter()
        .find(|source| source.role == BlobRole::Config)
        .and_then(|source| serde_json::from_slice::<serde_json::Value>(&source.bytes).ok())
        .and_then(|config| u32::try_from(config["max_position_embeddings"].as_u64()?).ok())
        .ok_or_else(|| ToolError::ContextMissing {
            path: blobs.join("config.json"),
        })
}

/// The manifest names one way of storing: that of the smallest graph.
fn smallest(graphs: &[Graph]) -> Quantization {
    match graphs.iter().map(|graph| graph.precision).min() {
        Some(Precision::Int4) => Quantization::Int4,
        Some(Precision::Int8) => Quantization::Int8,
        Some(Precision::F16) => Quantization::F16,
        Some(Precision::F32) | None => Quantization::None,
    }
}
