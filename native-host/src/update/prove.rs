//! The known-answer test of a new pack, in a process of its own: it is confined like a worker, may crash, and gets as much memory
//! as one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sotto_core::protocol::{ErrorCode, WireError};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::updater::block_on;
use crate::host::memory_for_model_mib;

/// Longer than any processor takes to load a model and answer twelve tokens.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Longest report read, in bytes.
const MAX_REPORT_BYTES: u64 = 64 * 1024;

/// What a new pack did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was loaded and gave its known answer.
    Good,
    /// It cannot be loaded or gave another answer. Why, as a sentence.
    Broken(String),
    /// It could not be tried, which says nothing about it. Why, as a sentence.
    Unknown(String),
}

/// Tries new packs.
pub trait Prove {
    /// Tries the pack in this folder, which was verified. `bytes`: the length of all its files.
    fn prove(&self, pack: &Path, bytes: u64) -> Verdict;
}

/// Tries them in a worker.
#[derive(Debug, Clone)]
pub struct WorkerProof {
    /// The host.
    pub program: PathBuf,
}

/// What the process says at its end.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProofReport {
    /// None if the answer was right.
    pub(crate) error: Option<WireError>,
}

impl ProofReport {
    /// Writes it, as the last thing of the process.
    pub(crate) fn write(&self, mut output: std::fs::File) -> std::io::Result<()> {
        let json = serde_json::to_vec(self)?;
        output.write_all(&json)?;
        output.flush()
    }
}

impl Prove for WorkerProof {
    fn prove(&self, pack: &Path, bytes: u64) -> Verdict {
        let unknown = |why: &str| Verdict::Unknown(why.to_owned());
        let report = block_on(async {
            match timeout(PATIENCE, self.report(pack, bytes)).await {
                Ok(Ok(json)) => Ok(json),
                Ok(Err(error)) => Err(format!("its process could not be started: {error}")),
                Err(_) => Err("it took too long".to_owned()),
            }
        });
        match report {
            Ok(Ok(json)) => match serde_json::from_slice::<ProofReport>(&json) {
                Ok(ProofReport { error: None }) => Verdict::Good,
                Ok(ProofReport { error: Some(error) }) => judged(error),
                Err(_) => unknown("its process ended without a word"),
            },
            Ok(Err(why)) => Verdict::Unknown(why),
            Err(error) => Verdict::Unknown(error.to_string()),
        }
    }
}

impl WorkerProof {
    async fn report(&self, pack: &Path, bytes: u64) -> std::io::Result<Vec<u8>> {
        let mut child = Command::new(&self.program)
            .arg("try-pack")
            .arg("--memory-limit-mib")
            .arg(memory_for_model_mib(bytes).to_string())
            .arg(pack)
            .env("ORT_DISABLE_TELEMETRY", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut json = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(MAX_REPORT_BYTES).read_to_end(&mut json).await?;
        }
        child.wait().await?;
        Ok(json)
    }
}

/// Whether an error is the pack's or this device's.
fn judged(error: WireError) -> Verdict {
    match error.code {
        ErrorCode::RuntimeInvalid | ErrorCode::OutOfMemory | ErrorCode::Internal => {
            Verdict::Unknown(error.message)
        }
        _ => Verdict::Broken(error.message),
    }
}
