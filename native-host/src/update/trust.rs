//! What was verified before, so that nothing older is taken.
//!
//! `tough` writes its files in place; a power cut could leave half a file, which it takes for none, and with it would go the memory
//! that protects against old releases. So it works on a copy, and what it verified is put in place here, each file by a rename.
//! It also compares the keys of the root that it is given with those of the newest one, so it has to be given the last root
//! that was trusted, not the first: otherwise it would forget the old timestamp at every check after a rotation.

use std::fs;
use std::path::PathBuf;

use tough::schema::{Root, Signed};

use super::UpdateError;
use crate::models::{ModelError, UpdatePaths, files};

/// Largest root, in bytes; a real one has four thousand.
pub(super) const MAX_ROOT_BYTES: u64 = 512 * 1024;

/// Most bytes of anything else here.
const MAX_TRUSTED_BYTES: u64 = 16 * 1024 * 1024;

/// The newest root that was trusted.
const ROOT: &str = "root.json";

/// What `tough` keeps. The root comes first: what else there is was signed under it.
const FILES: [&str; 5] = [
    ROOT,
    "timestamp.json",
    "snapshot.json",
    "targets.json",
    CLOCK,
];

/// The time of the last check.
const CLOCK: &str = "latest_known_time.json";

/// The memory of one source.
#[derive(Debug)]
pub(super) struct Trust<'a> {
    paths: &'a UpdatePaths,
    first_root: Vec<u8>,
}

impl<'a> Trust<'a> {
    /// The memory in this place. `compiled_in` is the root that came with the program, used unless the user named one.
    ///
    /// # Errors
    /// [`UpdateError::NoRoot`], [`UpdateError::RootInvalid`].
    pub(super) fn open(
        paths: &'a UpdatePaths,
        compiled_in: Option<&[u8]>,
    ) -> Result<Self, UpdateError> {
        let first_root = match (read(&paths.root(), MAX_ROOT_BYTES)?, compiled_in) {
            (Some(named), _) => named,
            (None, Some(compiled_in)) => compiled_in.to_vec(),
            (None, None) => return Err(UpdateError::NoRoot),
        };
        if parsed(&first_root).is_none() {
            return Err(UpdateError::RootInvalid { path: paths.root() });
        }
        Ok(Self { paths, first_root })
    }

    /// The newest trusted root.
    pub(super) fn root(&self) -> Result<Vec<u8>, UpdateError> {
        let kept = read(&self.paths.trust().join(ROOT), MAX_ROOT_BYTES)?;
        let version = |root: &[u8]| parsed(root).map(|root| root.signed.version);
        Ok(match kept {
            // A program that was updated may bring a newer one.
            Some(kept) if version(&kept) >= version(&self.first_root) => kept,
            _ => self.first_root.clone(),
        })
    }

    /// A fresh copy for `tough`.
    pub(super) fn lay_out(&self) -> Result<PathBuf, UpdateError> {
        let scratch = self.paths.scratch();
        if scratch.exists() {
            fs::remove_dir_all(&scratch).map_err(UpdateError::file(&scratch))?;
        }
        fs::create_dir_all(&scratch).map_err(UpdateError::file(&scratch))?;
        for name in FILES {
            if let Some(bytes) = read(&self.paths.trust().join(name), MAX_TRUSTED_BYTES)? {
                let to = scratch.join(name);
                fs::write(&to, bytes).map_err(UpdateError::file(&to))?;
            }
        }
        Ok(scratch)
    }

    /// Keeps what `tough` verified. Also after a failure: each file was verified by itself, and a newer timestamp that was seen
    /// once must not be forgotten because the file behind it was missing.
    pub(super) fn keep(&self) -> Result<(), UpdateError> {
        for name in FILES {
            super::failpoint::point("trust");
            let (from, to) = (
                self.paths.scratch().join(name),
                self.paths.trust().join(name),
            );
            match read(&from, MAX_TRUSTED_BYTES)? {
                Some(bytes) if Some(&bytes) == read(&to, MAX_TRUSTED_BYTES)?.as_ref() => {}
                Some(bytes) => files::write_atomically(&to, &bytes, 0o600)?,
                // Taken back on purpose: the keys were rotated.
                None => super::fetch::remove(&to)?,
            }
        }
        let scratch = self.paths.scratch();
        fs::remove_dir_all(&scratch).map_err(UpdateError::file(&scratch))
    }

    /// Where the time of the last check is.
    pub(super) fn clock(&self) -> PathBuf {
        self.paths.trust().join(CLOCK)
    }
}

/// A root that enough of its own keys signed.
pub(super) fn parsed(json: &[u8]) -> Option<Signed<Root>> {
    let root: Signed<Root> = serde_json::from_slice(json).ok()?;
    root.signed.verify_role(&root).is_ok().then_some(root)
}

fn read(path: &std::path::Path, max_bytes: u64) -> Result<Option<Vec<u8>>, UpdateError> {
    match files::read(path, max_bytes) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ModelError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
