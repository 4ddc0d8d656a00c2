//! ONNX Runtime itself: one library, known by its hash, loaded once in a process.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ort::environment::Environment;
use sotto_core::pack::{Sha256, sha256};

use super::EngineError;
use crate::providers::Provider;

/// The version that everything here was tested with. 1.29 and later bring an uploader of usage data.
pub const ONNX_RUNTIME_VERSION: &str = "1.27.0";

/// SHA-256 of the library in the wheels of `onnxruntime` 1.27.0 on PyPI, for each platform that we build for.
const KNOWN_LIBRARIES: &[&str] = &[
    // Linux, x86-64
    "b5c9d4f124d24707f514dad926dc181820807178855df1c528e3addb2dd0e6f7",
    // Linux, arm64
    "9275ef52956228686ae47b0219f67476a1148505084bdc5571e7bf1bf69b11f2",
    // macOS, arm64
    "49422a138fff12d7fcbd544373aefbffd510e473e08e18af28a8ecc3581029bf",
    // Windows, x86-64
    "bbb4ff18db820c24ad6d9196ecdc7a62d6099268eaadf264813a23591d4d15cc",
    // Windows, arm64
    "85a25defdaafc74ee540c98d8eff5f9bbfe0f1260141f369b3e0f4f7ee4261f2",
];

/// A started ONNX Runtime.
#[derive(Debug, Clone)]
pub struct Runtime {
    environment: Environment,
    plugins: Vec<Plugin>,
}

/// A registered execution provider.
#[derive(Debug, Clone)]
pub(crate) struct Plugin {
    pub(crate) provider: Provider,
    /// Places of its devices in the environment's list.
    pub(crate) devices: Range<usize>,
}

impl Runtime {
    /// Loads the library from `folder`, after checking its hash.
    ///
    /// # Errors
    /// [`EngineError::RuntimeMissing`], [`EngineError::LibraryUnknown`], [`EngineError::Start`].
    pub fn start(folder: &Path) -> Result<Self, EngineError> {
        let path = library_path(folder);
        verify_library(&path)?;
        let environment = ort::init_from(&path)
            .map_err(EngineError::Start)?
            .with_name("sotto")
            .with_telemetry(false)
            .build()
            .map_err(EngineError::ort("starting"))?;
        environment.set_log_level(ort::logging::LogLevel::Fatal);
        Ok(Self {
            environment,
            plugins: vec![],
        })
    }

    /// Registers an execution provider, after checking that it is the one that the user added. Its code runs from here on.
    ///
    /// # Errors
    /// [`EngineError::Model`] if a file of it changed, [`EngineError::Ort`] if it does not fit this ONNX Runtime.
    pub fn register(&mut self, provider: &Provider) -> Result<(), EngineError> {
        provider.verify()?;
        let first = self.environment.devices().count();
        self.environment
            .register_ep_library(&provider.name, &provider.library)
            .map_err(EngineError::ort("registering the execution provider"))?;
        self.plugins.push(Plugin {
            provider: provider.clone(),
            devices: first..self.environment.devices().count(),
        });
        Ok(())
    }

    /// What was registered.
    pub(crate) fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }

    /// The one environment of this process.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// Where the library belongs.
pub fn library_path(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) {
        "onnxruntime.dll".to_owned()
    } else if cfg!(target_os = "macos") {
        format!("libonnxruntime.{ONNX_RUNTIME_VERSION}.dylib")
    } else {
        format!("libonnxruntime.so.{ONNX_RUNTIME_VERSION}")
    })
}

/// Checks that a library is one of those that we know.
///
/// # Errors
/// [`EngineError::RuntimeMissing`], [`EngineError::LibraryUnknown`].
pub fn verify_library(path: &Path) -> Result<Sha256, EngineError> {
    let bytes = fs::read(path).map_err(|_| EngineError::RuntimeMissing(path.to_owned()))?;
    let found = sha256(&bytes);
    if KNOWN_LIBRARIES.contains(&found.to_string().as_str()) {
        Ok(found)
    } else {
        Err(EngineError::LibraryUnknown(path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_library_is_not_loaded() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            Runtime::start(folder.path()),
            Err(EngineError::RuntimeMissing(_))
        ));
        fs::write(library_path(folder.path()), b"not a library").unwrap();
        assert!(matches!(
            Runtime::start(folder.path()),
            Err(EngineError::LibraryUnknown(_))
        ));
    }
}
