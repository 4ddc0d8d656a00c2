//! The worker's part: finding compiled graphs, and writing new ones.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sotto_core::pack::{PublicKey, sha256};

use super::record::Record;
use super::{Binding, MAX_GRAPH_BYTES, Statement, folder};
use crate::models::{ModelError, files};

/// Largest record read, in bytes; a real one has two thousand.
const MAX_RECORD_BYTES: u64 = 256 * 1024;

/// Ends of the names of both files.
const GRAPH: &str = "onnx";
const RECORD: &str = "json";

/// How the names of drafts begin.
const DRAFT: &str = ".draft-";

/// When a draft is nobody's any more.
const LEFTOVER_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Compiled graphs of this device.
#[derive(Debug, Clone)]
pub struct CompiledCache {
    folder: PathBuf,
    key: Option<PublicKey>,
}

/// A folder in which a provider leaves what it compiled, as it comes. It goes when this is dropped.
#[derive(Debug)]
pub struct Draft {
    folder: PathBuf,
}

impl Draft {
    /// Where a graph is to be left.
    pub fn path(&self, graph: &str) -> PathBuf {
        self.folder.join(graph)
    }

    /// The graph, if it was left there.
    pub fn take(&self, graph: &str) -> Option<Vec<u8>> {
        files::read(&self.path(graph), MAX_GRAPH_BYTES).ok()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What cannot be removed now is swept later.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes what a process that was killed left behind: drafts and half-written files that are a day old. Younger ones may
/// belong to a worker of another browser.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_draft = name.starts_with(DRAFT);
        let is_old = || {
            let modified = entry.metadata().and_then(|found| found.modified());
            modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > LEFTOVER_AGE))
        };
        if (is_draft || name.ends_with(".new")) && is_old() {
            let _ = match is_draft {
                true => fs::remove_dir_all(entry.path()),
                false => fs::remove_file(entry.path()),
            };
        }
    }
}

/// A compiled graph that was vouched for.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// The graph.
    pub graph: Vec<u8>,
    /// Where the operators ran when it was compiled.
    pub placement: Vec<(String, String, usize)>,
}

/// Why a graph has to be compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Miss {
    /// None was kept, or its writing was interrupted.
    Absent,
    /// It was not signed by this device, or its record was changed.
    NotSigned,
    /// The model is another one.
    OtherModel,
    /// The provider was updated.
    OtherProvider,
    /// The provider is told something else now.
    OtherOptions,
    /// ONNX Runtime was updated.
    OtherRuntime,
    /// The graph is not the one that was signed: changed, damaged or cut short.
    Changed,
    /// The provider does not take it back, or it does not give the right answer any more.
    Useless,
}

impl fmt::Display for Miss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "none was kept",
            Self::NotSigned => "the kept one was not signed by this device",
            Self::OtherModel => "the kept one was made from another version of the model",
            Self::OtherProvider => "the kept one was made by another version of the provider",
            Self::OtherOptions => "the kept one was made with other options",
            Self::OtherRuntime => "the kept one was made by another version of ONNX Runtime",
            Self::Changed => "the kept one was changed or damaged",
            Self::Useless => "the kept one does not work any more",
        })
    }
}

impl CompiledCache {
    /// The graphs in the data directory; `key` vouches for them. Without a key there are none.
    pub fn new(home: &Path, key: Option<PublicKey>) -> Self {
        Self {
            folder: folder(home),
            key,
        }
    }

    /// The graph that was compiled under exactly these circumstances.
    ///
    /// # Errors
    /// [`Miss`]: it has to be compiled.
    pub fn find(&self, binding: &Binding) -> Result<Found, Miss> {
        let json = match files::read(&record_path(&self.folder, binding), MAX_RECORD_BYTES) {
            Ok(json) => json,
            Err(ModelError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(Miss::Absent);
            }
            Err(_) => return Err(Miss::NotSigned),
        };
        let record: Record = serde_json::from_slice(&json).map_err(|_| Miss::NotSigned)?;
        let statement = self
            .key
            .and_then(|key| record.verified(key))
            .ok_or(Miss::NotSigned)?;
        compare(&statement.binding, binding)?;
        let graph = files::read(&graph_path(&self.folder, binding), statement.bytes)
            .map_err(|_| Miss::Changed)?;
        if sha256(&graph) != statement.sha256 {
            return Err(Miss::Changed);
        }
        Ok(Found {
            graph,
            placement: statement.placement,
        })
    }

    /// A place for a provider to leave what it compiles; nothing if the folder cannot be written.
    pub fn draft(&self) -> Option<Draft> {
        sweep(&self.folder);
        let folder = self.folder.join(format!("{DRAFT}{}", std::process::id()));
        // One of an earlier process that had the same number.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).ok()?;
        Some(Draft { folder })
    }

    /// Writes a graph, all or nothing; gives the statement, with whose signature it is found again. Nothing if it is too
    /// large or cannot be written: the graph that was compiled runs all the same.
    pub fn keep(
        &self,
        binding: Binding,
        graph: &[u8],
        placement: Vec<(String, String, usize)>,
    ) -> Option<Statement> {
        let bytes = graph.len() as u64;
        if bytes > MAX_GRAPH_BYTES {
            return None;
        }
        // First: no record lies beside a graph that it is not about.
        let _ = fs::remove_file(record_path(&self.folder, &binding));
        files::write_atomically(&graph_path(&self.folder, &binding), graph, 0o600).ok()?;
        Some(Statement {
            sha256: sha256(graph),
            bytes,
            placement,
            binding,
        })
    }
}

fn compare(kept: &Binding, wanted: &Binding) -> Result<(), Miss> {
    if kept.manifest != wanted.manifest {
        Err(Miss::OtherModel)
    } else if kept.provider_version != wanted.provider_version {
        Err(Miss::OtherProvider)
    } else if kept.options != wanted.options {
        Err(Miss::OtherOptions)
    } else if kept.onnx_runtime != wanted.onnx_runtime {
        Err(Miss::OtherRuntime)
    } else if kept != wanted {
        // A record under another slot's name.
        Err(Miss::NotSigned)
    } else {
        Ok(())
    }
}

/// Removes what was compiled of a model, and whatever cannot be told to be of another one.
///
/// # Errors
/// [`ModelError::File`].
pub fn forget_model(home: &Path, model: &str) -> Result<(), ModelError> {
    let folder = folder(home);
    for slot in slots(&folder) {
        let is_of_another =
            statement(&folder, &slot).is_some_and(|statement| statement.binding.model != model);
        if is_of_another {
            continue;
        }
        for end in [RECORD, GRAPH] {
            let path = folder.join(format!("{slot}.{end}"));
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(ModelError::file(&path)(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Compiled graphs that are there: how many, how many of them `key` vouches for (as far as records tell), and their length.
pub fn survey(home: &Path, key: Option<PublicKey>) -> (usize, usize, u64) {
    let folder = folder(home);
    let slots = slots(&folder);
    let lengths = slots.iter().map(|slot| {
        fs::metadata(folder.join(format!("{slot}.{GRAPH}"))).map_or(0, |found| found.len())
    });
    let is_signed = |slot: &&String| {
        let record = record(&folder, slot);
        record.is_some_and(|record| key.is_some_and(|key| record.verified(key).is_some()))
    };
    let bytes = lengths.sum();
    (slots.len(), slots.iter().filter(is_signed).count(), bytes)
}

fn slots(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut slots: Vec<String> = names
        .filter_map(|name| {
            let (slot, end) = name.rsplit_once('.')?;
            matches!(end, GRAPH | RECORD).then(|| slot.to_owned())
        })
        .collect();
    slots.sort();
    slots.dedup();
    slots
}

fn record(folder: &Path, slot: &str) -> Option<Record> {
    let json = files::read(&folder.join(format!("{slot}.{RECORD}")), MAX_RECORD_BYTES).ok()?;
    serde_json::from_slice(&json).ok()
}

fn statement(folder: &Path, slot: &str) -> Option<Statement> {
    record(folder, slot).map(|record| record.statement)
}

pub(super) fn record_path(folder: &Path, binding: &Binding) -> PathBuf {
    folder.join(format!("{}.{RECORD}", binding.slot()))
}

fn graph_path(folder: &Path, binding: &Binding) -> PathBuf {
    folder.join(format!("{}.{GRAPH}", binding.slot()))
}
