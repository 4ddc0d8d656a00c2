//! Where a model's verified bytes come from.

use std::sync::Arc;

use sotto_core::pack::{Blob, BlobRole, Graph, Manifest, PackError, Sha256, VerifiedBlob};

use super::EngineError;
use crate::models::{HeldFile, Installed, ModelError};

/// A pack for ONNX Runtime whose manifest was verified. Every blob comes back verified, or not at all.
pub trait ModelSource {
    /// The verified manifest.
    fn manifest(&self) -> &Manifest;

    /// What tells it from every other pack: SHA-256 of its manifest.
    fn identity(&self) -> Sha256;

    /// A blob, hashed on the way.
    ///
    /// # Errors
    /// [`EngineError::Model`] if it is not the one that was signed, or cannot be read.
    fn blob(&self, role: BlobRole, name: Option<&str>) -> Result<VerifiedBlob, EngineError>;

    /// The file of a data blob, verified where it lies; nothing where files cannot be watched.
    ///
    /// # Errors
    /// As [`Self::blob`].
    fn data_file(&self, name: &str) -> Result<Option<HeldFile>, EngineError>;
}

/// A graph with the files that it refers to.
pub(crate) struct GraphFiles {
    pub(crate) graph: Arc<[u8]>,
    pub(crate) data: Vec<(String, Arc<[u8]>)>,
}

impl GraphFiles {
    /// Reads a graph. **Only files that the signed manifest names can be referred to**: everything else is looked for in
    /// the working directory by ONNX Runtime, which is an empty one.
    pub(crate) fn read(source: &impl ModelSource, graph: &Graph) -> Result<Self, EngineError> {
        let data = graph
            .data
            .iter()
            .map(|name| {
                let blob = source.blob(BlobRole::Data, Some(name))?;
                Ok((name.clone(), blob.into_shared()))
            })
            .collect::<Result<_, EngineError>>()?;
        Ok(Self {
            graph: source
                .blob(BlobRole::Graph, Some(&graph.name))?
                .into_shared(),
            data,
        })
    }
}

impl ModelSource for Installed {
    fn manifest(&self) -> &Manifest {
        self.manifest()
    }

    fn identity(&self) -> Sha256 {
        self.identity()
    }

    fn blob(&self, role: BlobRole, name: Option<&str>) -> Result<VerifiedBlob, EngineError> {
        let is_wanted = |blob: &Blob| blob.role == role && blob.name.as_deref() == name;
        let mut blobs = self.load(is_wanted)?;
        blobs
            .take(role)
            .map_err(|error| ModelError::pack(self.dir())(error).into())
    }

    fn data_file(&self, name: &str) -> Result<Option<HeldFile>, EngineError> {
        let blob = self.manifest().named(BlobRole::Data, Some(name));
        let missing = || ModelError::pack(self.dir())(PackError::BlobMissing(BlobRole::Data));
        Ok(self.hold(blob.ok_or_else(missing)?)?)
    }
}
