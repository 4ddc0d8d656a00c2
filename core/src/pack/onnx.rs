//! What a pack for ONNX Runtime says beyond the common fields, and the files that each runtime needs.

use serde::{Deserialize, Serialize};

use super::{BlobRole, Manifest, PackError};

/// Most graphs in a pack: a precision for each of a few devices.
pub const MAX_GRAPHS: usize = 8;

/// Most data files in a pack: a model of 30 GB in files of 2 GB.
pub const MAX_DATA_FILES: usize = 16;

/// Most tokens that a static graph may take per call; longer ones would make an NPU's compile last for minutes.
pub const MAX_STATIC_TOKENS: u32 = 1_024;

/// Which engine a pack is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// `sotto-lm`, from safetensors.
    #[default]
    Burn,
    /// ONNX Runtime, in the host.
    Onnx,
}

/// One ONNX model of the pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Graph {
    /// `name` of a blob with the role `graph`.
    pub name: String,
    /// How it takes its cache.
    pub shape: GraphShape,
    /// How its weights are stored.
    pub precision: Precision,
    /// [`GraphShape::Static`]: tokens per call, 1 to [`MAX_STATIC_TOKENS`]. Otherwise 0.
    pub tokens: u32,
    /// What it was made for.
    pub device: GraphDevice,
    /// `name`s of the blobs with the role `data` that it refers to. It cannot refer to anything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
}

/// How a graph takes the key/value cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GraphShape {
    /// `GroupQueryAttention` of ONNX Runtime: one buffer is both the past and the present.
    Gqa,
    /// Hugging Face optimum's merged decoder: `past_key_values.*` in, `present.*` out.
    Merged,
    /// Every dimension fixed, standard operators only.
    Static,
}

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 4-bit integers with a scale per block.
    Int4,
    /// 8-bit integers.
    Int8,
    /// 16-bit floats.
    F16,
    /// 32-bit floats.
    F32,
}

/// What a graph was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GraphDevice {
    /// The processor.
    Cpu,
    /// A neural accelerator.
    Npu,
}

/// What the model is good for. Without the field: for nothing but continuing text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Assist {
    /// It was trained to follow instructions, and the pack has its chat template.
    pub is_instruction_tuned: bool,
    /// It may write summaries in its own words; otherwise they are made of the text's own sentences.
    pub is_abstractive: bool,
}

impl Runtime {
    pub(super) fn is_burn(&self) -> bool {
        *self == Self::Burn
    }
}

impl Assist {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Checks that the files are those that the runtime needs, and that `graphs` fits them.
pub(super) fn check_files(manifest: &Manifest) -> Result<(), PackError> {
    let count = |role| {
        let blobs = manifest.blobs.iter();
        blobs.filter(|blob| blob.role == role).count()
    };
    for role in BlobRole::ALL {
        let (least, most) = allowed(manifest.runtime, role);
        match count(role) {
            found if found < least => return Err(PackError::BlobMissing(role)),
            found if found <= most => {}
            _ if most == 0 => return Err(PackError::FieldInvalid { field: "blobs" }),
            _ if most == 1 => return Err(PackError::RoleDuplicate(role)),
            _ => return Err(PackError::FieldInvalid { field: "blobs" }),
        }
    }
    let mut names: Vec<&str> = manifest
        .blobs
        .iter()
        .filter_map(|blob| blob.name.as_deref())
        .collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(PackError::FieldInvalid { field: "blobs" });
    }
    // Instructions need the template that the model was trained with: without it the words would be plain text.
    let assist_fits = !manifest.assist.is_instruction_tuned || count(BlobRole::Template) == 1;
    for (field, fits) in [
        ("graphs", graphs_fit(manifest, count(BlobRole::Graph))),
        ("assist", assist_fits),
    ] {
        if !fits {
            return Err(PackError::FieldInvalid { field });
        }
    }
    Ok(())
}

/// Least and most blobs of a role.
fn allowed(runtime: Runtime, role: BlobRole) -> (usize, usize) {
    match (runtime, role) {
        (_, BlobRole::Config | BlobRole::Tokenizer) => (1, 1),
        (Runtime::Burn, BlobRole::Weights) => (1, 1),
        (Runtime::Burn, _) | (Runtime::Onnx, BlobRole::Weights) => (0, 0),
        (Runtime::Onnx, BlobRole::Graph) => (1, MAX_GRAPHS),
        (Runtime::Onnx, BlobRole::Data) => (0, MAX_DATA_FILES),
        (Runtime::Onnx, BlobRole::Template | BlobRole::Generation) => (0, 1),
    }
}

/// Whether every graph file is described exactly once, in range. With as many descriptions as files and no description
/// twice, it is enough that each names a file.
fn graphs_fit(manifest: &Manifest, files: usize) -> bool {
    let graphs = &manifest.graphs;
    graphs.len() == files
        && graphs.iter().enumerate().all(|(at, graph)| {
            let tokens_ok = match graph.shape {
                GraphShape::Static => (1..=MAX_STATIC_TOKENS).contains(&graph.tokens),
                GraphShape::Gqa | GraphShape::Merged => graph.tokens == 0,
            };
            let is_file = manifest.named(BlobRole::Graph, Some(&graph.name)).is_some();
            let has_data = graph
                .data
                .iter()
                .all(|name| manifest.named(BlobRole::Data, Some(name)).is_some());
            let is_first = graphs[..at].iter().all(|other| other.name != graph.name);
            tokens_ok && is_file && has_data && is_first
        })
}
