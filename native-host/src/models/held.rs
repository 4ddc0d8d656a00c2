//! A file that an engine maps: verified where it lies, and watched for as long as it is in use.
//!
//! Weights that are read into memory and then rearranged by ONNX Runtime are there twice. Mapped ones are there once, and
//! the system takes back what was rearranged. The price: somebody could change the file after it was verified. So its state is
//! noted first (which file, length, times of the last change), then it is hashed, and whoever uses it asks again afterwards.
//! A change that the system noted means hashing again, and another hash that the file is not used any more. Times are coarse:
//! of a file that was changed a moment ago they prove nothing, so that one is hashed again in any case (git calls this racy).

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sotto_core::pack::Sha256;

use super::{ModelError, files};

/// How old the last change of a file must be for its times to prove something. Systems count in steps of up to 10 ms, a few
/// file systems in steps of 2 s.
const SETTLED: Duration = Duration::from_secs(3);

/// What a file has to be: its length in bytes and its SHA-256.
type Signed = (u64, Sha256);

/// A verified file, kept open.
#[derive(Debug)]
pub struct HeldFile {
    path: PathBuf,
    file: File,
    state: State,
    /// Whether another change would have shown in `state`.
    is_settled: bool,
    signed: Signed,
}

/// What changes with every change of a file. A program cannot set the time of the last change of status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    device: u64,
    number: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl HeldFile {
    /// Opens `path` and lets `is_signed` judge its length and hash. Nothing where [`State`] cannot be had.
    ///
    /// # Errors
    /// Those of `is_signed` and of reading.
    pub(super) fn new(
        path: PathBuf,
        is_signed: impl FnOnce(u64, Sha256) -> Result<(), ModelError>,
    ) -> Result<Option<Self>, ModelError> {
        let file = files::open(&path)?;
        let Some(state) = state_of(&file.metadata().map_err(ModelError::file(&path))?) else {
            return Ok(None);
        };
        let is_settled = state.is_settled();
        let signed = files::hash_open(&file).map_err(ModelError::file(&path))?;
        is_signed(signed.0, signed.1)?;
        Ok(Some(Self {
            path,
            file,
            state,
            is_settled,
            signed,
        }))
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// For somebody who opened it by its name since it was verified: that was this file, and it holds what it held.
    ///
    /// # Errors
    /// [`ModelError::Changed`].
    pub(crate) fn check_place(&mut self) -> Result<(), ModelError> {
        let found = self.path.symlink_metadata();
        let found = state_of(&found.map_err(ModelError::file(&self.path))?);
        let is_this = found.is_some_and(|found| found.is_file_of(&self.state));
        is_this.then_some(()).ok_or_else(|| self.changed())?;
        self.check()
    }

    /// For somebody who has it mapped: it holds what it held. It need not be at its place any more.
    ///
    /// # Errors
    /// [`ModelError::Changed`].
    pub(crate) fn check(&mut self) -> Result<(), ModelError> {
        let found = self.file.metadata().map_err(ModelError::file(&self.path))?;
        let state = state_of(&found).ok_or_else(|| self.changed())?;
        if self.is_settled && state == self.state {
            return Ok(());
        }
        // A new name or other rights for the file also count as a change of it.
        let is_settled = state.is_settled();
        let found = files::hash_open(&self.file).map_err(ModelError::file(&self.path))?;
        if found != self.signed {
            return Err(self.changed());
        }
        self.state = state;
        self.is_settled = is_settled;
        Ok(())
    }

    fn changed(&self) -> ModelError {
        ModelError::Changed {
            path: self.path.clone(),
        }
    }
}

impl State {
    fn is_file_of(&self, other: &Self) -> bool {
        (self.device, self.number) == (other.device, other.number)
    }

    fn is_settled(&self) -> bool {
        let seconds = u64::try_from(self.changed.0.max(self.modified.0)).unwrap_or(0);
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        changed.elapsed().is_ok_and(|age| age > SETTLED)
    }
}

#[cfg(unix)]
fn state_of(found: &Metadata) -> Option<State> {
    use std::os::unix::fs::MetadataExt as _;
    Some(State {
        device: found.dev(),
        number: found.ino(),
        bytes: found.len(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}

/// Windows has a time of the last change, but not in the standard library.
#[cfg(not(unix))]
fn state_of(_: &Metadata) -> Option<State> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_change_is_seen_and_one_of_the_name_alone_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        fs::write(&path, [7; 100_000]).unwrap();
        let mut held = HeldFile::new(path.clone(), |_, _| Ok(())).unwrap().unwrap();
        held.check().unwrap();
        held.check_place().unwrap();

        let moved = folder.path().join("moved");
        fs::rename(&path, &moved).unwrap();
        held.check().unwrap();
        fs::write(&path, [7; 100_000]).unwrap();
        let swapped = held.check_place();
        assert!(matches!(swapped, Err(ModelError::Changed { .. })));

        fs::write(&moved, [8; 100_000]).unwrap();
        assert!(matches!(held.check(), Err(ModelError::Changed { .. })));
        assert!(matches!(held.check(), Err(ModelError::Changed { .. })));
    }

    #[test]
    fn what_is_not_signed_is_not_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        fs::write(&path, b"weights").unwrap();
        let judged = HeldFile::new(path, |bytes, _| {
            assert_eq!(bytes, 7);
            Err(ModelError::Declined)
        });
        assert!(matches!(judged, Err(ModelError::Declined)));
    }
}
