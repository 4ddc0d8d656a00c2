//! Putting a planned model in place: all of it, or nothing.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::plan::{Plan, Source};
use crate::models::store::{BLOBS, MANIFEST, SIGNATURE, UNFINISHED};
use crate::models::{DeviceKey, Installed, ModelError, ModelStore, Origin, Terminal, files};

/// From this size on, progress is shown while a file is copied.
const PROGRESS_BYTES: u64 = 64 << 20;

/// Held while the models are changed. The system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub(in crate::models) struct Lock(#[expect(dead_code, reason = "held, not used")] File);

impl Lock {
    /// Takes the lock, or says that somebody else has it.
    pub(in crate::models) fn take(store: &ModelStore) -> Result<Self, ModelError> {
        let folder = store.paths().models();
        fs::create_dir_all(&folder).map_err(ModelError::file(&folder))?;
        let path = folder.join(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = file.map_err(ModelError::file(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(ModelError::Busy),
            Err(TryLockError::Error(error)) => Err(ModelError::file(&path)(error)),
        }
    }
}

/// Removes what killed imports left behind. Nobody is importing while the lock is held.
pub(in crate::models) fn sweep(store: &ModelStore, _lock: &Lock) {
    let entries = fs::read_dir(store.paths().models()).into_iter().flatten();
    for entry in entries.filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // What cannot be removed now is tried again next time.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A folder that is removed again unless it is kept.
struct Unfinished {
    dir: PathBuf,
    is_kept: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// Copies, signs, verifies, renames.
pub(super) fn write(
    plan: &Plan,
    store: &ModelStore,
    _lock: &Lock,
    terminal: &mut Terminal<'_>,
) -> Result<(), ModelError> {
    let manifest = &plan.manifest;
    let models = store.paths().models();
    let key = DeviceKey::load_or_make(&store.paths().device_key())?;
    let dir = models.join(format!("{UNFINISHED}{}", std::process::id()));
    let mut unfinished = Unfinished {
        dir: dir.clone(),
        is_kept: false,
    };
    let blobs = dir.join(BLOBS);
    fs::create_dir_all(&blobs).map_err(ModelError::file(&blobs))?;
    for (blob, source) in manifest.blobs.iter().zip(&plan.sources) {
        let to = blobs.join(blob.sha256.to_string());
        match source {
            Source::Bytes(bytes) => files::write_atomically(&to, bytes, 0o644)?,
            Source::File(from) => {
                let found = copy(from, &to, blob.bytes.into(), terminal)?;
                if found != blob.sha256 {
                    return Err(ModelError::Graph {
                        path: from.clone(),
                        reason: "changed while it was being read: is it still being downloaded?",
                    });
                }
            }
        }
    }
    let mut json = serde_json::to_vec_pretty(manifest)
        .map_err(|_| ModelError::Internal("the manifest cannot be written as JSON"))?;
    json.push(b'\n');
    files::write_atomically(&dir.join(MANIFEST), &json, 0o644)?;
    files::write_atomically(&dir.join(SIGNATURE), &key.sign(&json), 0o644)?;
    files::sync_folder(&blobs);

    // What was written, as a reader will see it.
    Installed::open(&dir, Origin::Imported, &[key.public()])?.verify_all()?;
    let place = models.join(format!("{}-{}", manifest.name, manifest.version));
    fs::rename(&dir, &place).map_err(ModelError::file(&place))?;
    unfinished.is_kept = true;
    files::sync_folder(&models);
    Ok(())
}

fn copy(
    from: &Path,
    to: &Path,
    total: u64,
    terminal: &mut Terminal<'_>,
) -> Result<sotto_core::pack::Sha256, ModelError> {
    let mut input = files::open_followed(from)?;
    let mut output = files::create(to, 0o644).map_err(ModelError::file(to))?;
    let name = from
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut shown = 0;
    let copied = files::copy_hashed(&mut input, &mut output, |bytes| {
        let percent = bytes * 100 / total.max(1);
        if total >= PROGRESS_BYTES && percent >= shown + 10 {
            shown = percent;
            terminal.line(&format!("copying {name}: {percent} %"));
        }
    });
    let (_, sum) = copied.map_err(ModelError::file(to))?;
    output.sync_all().map_err(ModelError::file(to))?;
    Ok(sum)
}
