//! The broker's part: it signs what the worker compiled, if that fits what the broker knows by itself.

use std::path::Path;

use sotto_core::protocol::{Coded, ErrorCode};

use super::record::Record;
use super::store::record_path;
use super::{MAX_GRAPH_BYTES, Statement, folder};
use crate::engine::ONNX_RUNTIME_VERSION;
use crate::models::{DeviceKey, ModelError, ModelStore, files};
use crate::providers::read_list;

/// Why a statement is not signed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It is not about the model in use.
    #[error("it was made from another model than the one in use")]
    OtherModel,
    /// It is not about a provider that the user added, in that version and with those options.
    #[error("it was made by a provider that was not added")]
    OtherProvider,
    /// It says what no worker of ours says.
    #[error("it makes no sense")]
    Nonsense,
    /// The model, the list of providers or the key cannot be read, or the record not written.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl Coded for SealError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::OtherModel | Self::OtherProvider | Self::Nonsense => ErrorCode::BadRequest,
            Self::Model(error) => error.code(),
        }
    }
}

/// Signs a statement of the worker's and puts it beside the graph.
///
/// # Errors
/// [`SealError`]: nothing was written then.
pub fn seal(store: &ModelStore, statement: Statement) -> Result<(), SealError> {
    let binding = &statement.binding;
    let installed = store.resolve(None)?;
    if binding.model != installed.manifest().name || binding.manifest != installed.identity() {
        return Err(SealError::OtherModel);
    }
    let home = &store.paths().home;
    let providers = read_list(home)?;
    let is_added = providers.iter().any(|provider| {
        provider.version() == binding.provider_version && provider.options == binding.options
    });
    if !is_added {
        return Err(SealError::OtherProvider);
    }
    let graphs = &installed.manifest().graphs;
    let is_sensible = graphs.iter().any(|graph| graph.name == binding.graph)
        && binding.onnx_runtime == ONNX_RUNTIME_VERSION
        && (1..=MAX_GRAPH_BYTES).contains(&statement.bytes);
    if !is_sensible {
        return Err(SealError::Nonsense);
    }
    let key = DeviceKey::load_or_make(&store.paths().device_key())?;
    write(home, statement, &key)?;
    Ok(())
}

pub(super) fn write(home: &Path, statement: Statement, key: &DeviceKey) -> Result<(), ModelError> {
    let path = record_path(&folder(home), &statement.binding);
    let signature = key.sign_bytes(&statement.signed_bytes());
    let json = serde_json::to_vec_pretty(&Record::new(statement, &signature))
        .map_err(|_| ModelError::Internal("the record cannot be written as JSON"))?;
    files::write_atomically(&path, &json, 0o600)
}
