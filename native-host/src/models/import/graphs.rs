//! Which files of a folder are the graphs.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sotto_core::pack::{
    Assist, Graph, GraphDevice, GraphShape, KnownAnswer, MAX_GRAPHS, Precision, is_file_name,
};

use super::genai::Genai;
use super::shape::shape_of;
use crate::models::onnx::GraphFile;
use crate::models::{DecoderConfig, ModelError, files};

/// Largest description read, in bytes.
const MAX_DESCRIPTION_BYTES: u64 = 64 * 1024;

/// Most entries of a folder that are looked at: a repository has dozens.
const MAX_ENTRIES: usize = 1_000;

/// The graphs of an export.
#[derive(Debug)]
pub(super) struct Found {
    /// The folder that has the graphs and their data.
    pub(super) folder: PathBuf,
    pub(super) graphs: Vec<(Graph, GraphFile)>,
    /// What our own description says besides.
    pub(super) description: Option<Description>,
}

/// `pack.json` of an export by our own recipe.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Description {
    graphs: Vec<Graph>,
    #[serde(default)]
    pub(super) known_answer: KnownAnswer,
    pub(super) assist: Option<Assist>,
    pub(super) parameters: Option<u32>,
}

/// Finds the graphs in `dir`. The order: the user's choice, our own description, the one that onnxruntime-genai's builder
/// names, and otherwise the one with the smallest weights of those that optimum and transformers.js write.
pub(super) fn find(
    dir: &Path,
    chosen: Option<&Path>,
    config: &DecoderConfig,
) -> Result<Found, ModelError> {
    if let Some(file) = chosen {
        return one(&dir.join(file), config);
    }
    if exists(&dir.join("pack.json")) {
        return described(dir, config);
    }
    if let Some(genai) = Genai::read(dir)? {
        if !is_file_name(genai.graph()) {
            return Err(ModelError::Config(
                "genai_config.json names a graph elsewhere",
            ));
        }
        return one(&dir.join(genai.graph()), config);
    }
    let mut candidates = candidates(dir);
    candidates.sort();
    match candidates.into_iter().next() {
        Some((_, path)) => one(&path, config),
        None => Err(ModelError::Missing {
            folder: dir.into(),
            what: "ONNX decoder (*.onnx, also under onnx/)",
        }),
    }
}

fn exists(path: &Path) -> bool {
    fs::metadata(path).is_ok()
}

fn one(path: &Path, config: &DecoderConfig) -> Result<Found, ModelError> {
    if !exists(path) {
        return Err(ModelError::Missing {
            folder: path.parent().unwrap_or(Path::new(".")).into(),
            what: "graph of that name",
        });
    }
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.filter(|name| is_file_name(name));
    let name = name.ok_or_else(|| ModelError::Graph {
        path: path.into(),
        reason: "has a name that a pack cannot hold: use A-Z a-z 0-9 . _ -",
    })?;
    let file = GraphFile::read(path)?;
    let (shape, tokens) = shape_of(&file, path, config)?;
    if shape == GraphShape::Static {
        return Err(ModelError::Shape {
            path: path.into(),
            reason: "has fixed shapes, which only a pack.json beside it can explain",
        });
    }
    let graph = Graph {
        name: name.into(),
        shape,
        precision: file.precision,
        tokens,
        device: GraphDevice::Cpu,
        data: file.data(),
    };
    Ok(Found {
        folder: path.parent().unwrap_or(Path::new(".")).into(),
        graphs: vec![(graph, file)],
        description: None,
    })
}

fn described(dir: &Path, config: &DecoderConfig) -> Result<Found, ModelError> {
    let json = files::read_followed(&dir.join("pack.json"), MAX_DESCRIPTION_BYTES)?;
    let description: Description =
        serde_json::from_slice(&json).map_err(|_| ModelError::Description("is not readable"))?;
    if !(1..=MAX_GRAPHS).contains(&description.graphs.len()) {
        return Err(ModelError::Description("describes no graph, or too many"));
    }
    let mut graphs = Vec::new();
    for graph in &description.graphs {
        if !is_file_name(&graph.name) {
            return Err(ModelError::Description("names a graph elsewhere"));
        }
        let path = dir.join(&graph.name);
        let file = GraphFile::read(&path)?;
        if shape_of(&file, &path, config)? != (graph.shape, graph.tokens) {
            return Err(ModelError::Shape {
                path,
                reason: "has another shape than pack.json says",
            });
        }
        // What it really refers to; the description may leave that out.
        let data = file.data();
        graphs.push((
            Graph {
                data,
                ..graph.clone()
            },
            file,
        ));
    }
    Ok(Found {
        folder: dir.into(),
        graphs,
        description: Some(description),
    })
}

/// Decoders in `dir` and `dir/onnx`, to be sorted: the best one comes first.
fn candidates(dir: &Path) -> Vec<((Precision, u8, u8), PathBuf)> {
    let mut found = Vec::new();
    for folder in [dir.join("onnx"), dir.into()] {
        let entries = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .take(MAX_ENTRIES);
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let name = entry.file_name();
            if let Some(rank) = name.to_str().and_then(rank)
                && fs::metadata(&path).is_ok_and(|found| found.is_file())
            {
                found.push((rank, path));
            }
        }
    }
    found
}

/// How good a graph would be by its name: precision first (smaller weights are read faster, and decoding is bound by
/// that), then 32-bit over 16-bit activations (processors have no 16-bit arithmetic worth the name), then the merged
/// decoder over a plain one. None for what is no decoder.
fn rank(name: &str) -> Option<(Precision, u8, u8)> {
    let stem = name.strip_suffix(".onnx")?;
    let (kind, rest) = ["decoder_model_merged", "model"]
        .iter()
        .enumerate()
        .find_map(|(kind, prefix)| Some((u8::try_from(kind).ok()?, stem.strip_prefix(prefix)?)))?;
    let (precision, activations) = match rest {
        "" | "_fp32" => (Precision::F32, 0),
        "_q4" | "_int4" => (Precision::Int4, 0),
        "_q4f16" => (Precision::Int4, 1),
        "_bnb4" => (Precision::Int4, 2),
        "_quantized" | "_int8" | "_uint8" | "_q8" => (Precision::Int8, 0),
        "_fp16" => (Precision::F16, 1),
        _ => return None,
    };
    Some((precision, activations, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_precision_comes_first() {
        let mut names = vec![
            "model.onnx",
            "model_fp16.onnx",
            "model_q4f16.onnx",
            "model_quantized.onnx",
            "decoder_model_merged.onnx",
            "model_q4.onnx",
            "model_bnb4.onnx",
        ];
        names.sort_by_key(|name| rank(name));
        assert_eq!(
            names,
            [
                "model_q4.onnx",
                "model_q4f16.onnx",
                "model_bnb4.onnx",
                "model_quantized.onnx",
                "model_fp16.onnx",
                "decoder_model_merged.onnx",
                "model.onnx",
            ]
        );
        for other in [
            "encoder_model.onnx",
            "decoder_model.onnx",
            "model.onnx_data",
            "model_v2.onnx",
        ] {
            assert_eq!(rank(other), None, "{other}");
        }
    }
}
