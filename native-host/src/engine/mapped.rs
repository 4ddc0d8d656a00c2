//! A session whose weights ONNX Runtime maps from the files of the pack, one after the other, and lets go of what it rearranged.
//! Handed over in memory they would be there three times while loading, and twice afterwards.

use std::path::Path;

use ort::session::Session;
use ort::session::builder::SessionBuilder;
use sotto_core::pack::{BlobRole, Graph};

use super::EngineError;
use super::source::ModelSource;
use crate::models::{HeldFile, relocated};

/// Session option: where the data files of a model that comes from memory lie. Nothing outside of that folder is read.
const FOLDER: &str = "session.model_external_initializers_file_folder_path";

/// A session, and the files that it goes on using: they have to be checked before it computes with them.
pub(super) type Mapped = (Session, Vec<HeldFile>);

/// Loads `graph`. Nothing if its weights cannot be mapped: they lie in the graph itself, or this system does not tell of
/// changes to files.
///
/// # Errors
/// [`EngineError::Model`] if a file is not the one that was signed, or changed meanwhile; those of loading.
pub(super) fn mapped(
    builder: SessionBuilder,
    source: &impl ModelSource,
    graph: &Graph,
) -> Result<Option<Mapped>, EngineError> {
    let mut files = Vec::with_capacity(graph.data.len());
    for name in &graph.data {
        match source.data_file(name)? {
            Some(file) => files.push((name.as_str(), file)),
            None => return Ok(None),
        }
    }
    let folder = files.first().and_then(|(_, file)| file.path().parent());
    let Some(folder) = folder.and_then(Path::to_str) else {
        return Ok(None);
    };
    let bytes = source.blob(BlobRole::Graph, Some(&graph.name))?;
    let relocated = relocated(bytes.bytes(), |wanted| {
        let (_, file) = files.iter().find(|(name, _)| *name == wanted)?;
        file.path().file_name()?.to_str().map(str::to_owned)
    });
    let Some(relocated) = relocated else {
        return Ok(None);
    };
    let session = builder
        .with_config_entry(FOLDER, folder)
        .map_err(EngineError::build("naming the folder of the weights"))?
        .commit_from_memory(&relocated)
        .map_err(EngineError::ort("compiling the model"))?;
    let mut files: Vec<HeldFile> = files.into_iter().map(|(_, file)| file).collect();
    for file in &mut files {
        file.check_place()?;
    }
    Ok(Some((session, files)))
}
