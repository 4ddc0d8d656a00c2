//! Everything about an import that can be known before the question.

use std::fs;
use std::path::{Path, PathBuf};

use sotto_core::pack::{
    Assist, Blob, BlobRole, FORMAT, GraphDevice, Manifest, PackError, Precision, Quantization,
    Runtime, Sha256, sha256,
};
use sotto_tokenizer::{HfTokenizer, Vocabulary};

use super::genai::Genai;
use super::{ImportOptions, graphs, license, template};
use crate::models::{DecoderConfig, ModelError, files};

/// Smallest model that may write summaries in its own words, in weights. A judgement, not a measurement: the smallest
/// instruction-tuned models in general use have about 135 million, and a smaller one is likely to state what the text
/// does not say, where sentences of the text itself cannot. `--abstractive` overrides it.
const ABSTRACTIVE_PARAMETERS: u32 = 100_000_000;

/// Longest name, as in the manifest.
const MAX_NAME_BYTES: usize = 64;

/// A model about to be imported.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) manifest: Manifest,
    /// In the order of the manifest's blobs.
    pub(super) sources: Vec<Source>,
}

/// Where a blob comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// A file, copied and compared with the sum on the way.
    File(PathBuf),
    /// Bytes that were taken out of a file.
    Bytes(Vec<u8>),
}

/// Looks at a folder.
pub(super) fn plan(options: &ImportOptions) -> Result<Plan, ModelError> {
    let dir = &options.dir;
    if !fs::metadata(dir).map_err(ModelError::file(dir))?.is_dir() {
        return Err(ModelError::Missing {
            folder: dir.clone(),
            what: "folder",
        });
    }
    let name = name(options)?;
    let config_json = match Genai::read(dir)? {
        Some(genai) if !dir.join("config.json").exists() => genai.to_config_json(),
        _ => required(dir, "config.json", "config.json", BlobRole::Config)?,
    };
    let generation = dir.join("generation_config.json");
    let generation_json = match generation.is_file() {
        true => Some(files::read_followed(
            &generation,
            BlobRole::Generation.max_bytes().into(),
        )?),
        false => None,
    };
    let config = DecoderConfig::from_json(&config_json, generation_json.as_deref())?;
    let tokenizer_json = required(dir, "tokenizer.json", "tokenizer.json", BlobRole::Tokenizer)?;
    HfTokenizer::from_json(
        &tokenizer_json,
        Vocabulary {
            size: config.vocab_size as usize,
            end_of_text: config.end_ids[0],
            is_exact: false,
        },
    )?;
    let template = template::find(dir)?;
    if let Some(source) = &template {
        template::check(source, &config, &tokenizer_json)?;
    }
    let found = graphs::find(dir, options.file.as_deref(), &config)?;

    let mut blobs = Blobs::default();
    blobs.bytes(BlobRole::Config, config_json);
    blobs.bytes(BlobRole::Tokenizer, tokenizer_json);
    if let Some(source) = template {
        blobs.bytes(BlobRole::Template, source.into_bytes());
    }
    if let Some(json) = generation_json {
        blobs.bytes(BlobRole::Generation, json);
    }
    for (graph, _) in &found.graphs {
        blobs.file(BlobRole::Graph, &graph.name, &found.folder, 0)?;
    }
    for slice in found.graphs.iter().flat_map(|(_, file)| &file.slices) {
        blobs.file(BlobRole::Data, &slice.file, &found.folder, slice.end)?;
    }

    let described = found.description.as_ref();
    let parameters = described.and_then(|description| description.parameters);
    let parameters = parameters.unwrap_or(config.parameters);
    let is_instruction_tuned = blobs.has(BlobRole::Template);
    let assist = described.and_then(|description| description.assist);
    let assist = assist.unwrap_or(Assist {
        is_instruction_tuned,
        is_abstractive: is_instruction_tuned && parameters >= ABSTRACTIVE_PARAMETERS,
    });
    let graphs: Vec<_> = found
        .graphs
        .iter()
        .map(|(graph, _)| graph.clone())
        .collect();
    let manifest = Manifest {
        format: FORMAT,
        name,
        version: 1,
        license: license::license(dir),
        architecture: label(&config.family),
        runtime: Runtime::Onnx,
        quantization: match graphs.iter().map(|graph| graph.precision).min() {
            Some(Precision::Int4) => Quantization::Int4,
            Some(Precision::Int8) => Quantization::Int8,
            Some(Precision::F16) => Quantization::F16,
            Some(Precision::F32) | None => Quantization::None,
        },
        parameters,
        context_tokens: config.context_tokens,
        blobs: blobs.entries,
        graphs,
        assist: Assist {
            is_abstractive: options.abstractive.unwrap_or(assist.is_abstractive),
            ..assist
        },
        known_answer: described
            .map(|all| all.known_answer.clone())
            .unwrap_or_default(),
        suggestion: Default::default(),
    };
    manifest.check().map_err(ModelError::pack(dir))?;
    Ok(Plan {
        manifest,
        sources: blobs.sources,
    })
}

impl Plan {
    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        let blobs = self.manifest.blobs.iter();
        blobs.map(|blob| u64::from(blob.bytes)).sum()
    }

    /// Whether it has a graph for an accelerator.
    pub(super) fn is_for_npu(&self) -> bool {
        let mut graphs = self.manifest.graphs.iter();
        graphs.any(|graph| graph.device == GraphDevice::Npu)
    }
}

/// Entries of the manifest and where their bytes come from, in the same order.
#[derive(Default)]
struct Blobs {
    entries: Vec<Blob>,
    sources: Vec<Source>,
}

impl Blobs {
    fn bytes(&mut self, role: BlobRole, bytes: Vec<u8>) {
        // Lengths were checked when the bytes were read.
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.push(role, None, sha256(&bytes), len, Source::Bytes(bytes));
    }

    /// A file that must have at least `end` bytes; once, however many graphs share it.
    fn file(
        &mut self,
        role: BlobRole,
        name: &str,
        folder: &Path,
        end: u64,
    ) -> Result<(), ModelError> {
        let path = folder.join(name);
        if role == BlobRole::Data && !path.is_file() {
            return Err(ModelError::Graph {
                path,
                reason: "is missing: a graph has its weights there",
            });
        }
        let found = fs::metadata(&path).map_err(ModelError::file(&path))?.len();
        if found < end {
            return Err(ModelError::Graph {
                path,
                reason: "is shorter than a graph says: was it downloaded completely?",
            });
        }
        if found > u64::from(role.max_bytes()) {
            return Err(ModelError::TooLarge { path, bytes: found });
        }
        let named = |entry: &&Blob| entry.name.as_deref() == Some(name);
        if let Some(entry) = self.entries.iter().find(named) {
            let twice = PackError::RoleDuplicate(role);
            return if entry.role == role {
                Ok(())
            } else {
                Err(ModelError::pack(folder)(twice))
            };
        }
        let (bytes, sum) = files::hash(&path)?;
        let len = u32::try_from(bytes).map_err(|_| ModelError::TooLarge {
            path: path.clone(),
            bytes,
        })?;
        self.push(role, Some(name.into()), sum, len, Source::File(path));
        Ok(())
    }

    fn has(&self, role: BlobRole) -> bool {
        self.entries.iter().any(|entry| entry.role == role)
    }

    fn push(
        &mut self,
        role: BlobRole,
        name: Option<String>,
        sha256: Sha256,
        bytes: u32,
        source: Source,
    ) {
        self.entries.push(Blob {
            role,
            name,
            sha256,
            bytes,
        });
        self.sources.push(source);
    }
}

fn required(
    dir: &Path,
    name: &str,
    what: &'static str,
    role: BlobRole,
) -> Result<Vec<u8>, ModelError> {
    let path = dir.join(name);
    if !path.exists() {
        return Err(ModelError::Missing {
            folder: dir.into(),
            what,
        });
    }
    files::read_followed(&path, role.max_bytes().into())
}

/// The name that the user gave, or one made from the folder's.
fn name(options: &ImportOptions) -> Result<String, ModelError> {
    if let Some(name) = &options.name {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_good = (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_plain);
        return match is_good {
            true => Ok(name.clone()),
            false => Err(ModelError::Name(name.clone())),
        };
    }
    let folder = options
        .dir
        .canonicalize()
        .map_err(ModelError::file(&options.dir))?;
    let folder = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut name = String::new();
    for c in folder.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    name.truncate(MAX_NAME_BYTES);
    let name = name.trim_matches('-');
    if name.is_empty() {
        return Err(ModelError::Name(folder));
    }
    Ok(name.into())
}

/// A family's name as the manifest takes it.
fn label(family: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let label: String = family.chars().filter(plain).take(64).collect();
    if label.is_empty() {
        "unknown".into()
    } else {
        label
    }
}
