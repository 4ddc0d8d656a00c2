//! What an update would do, with sizes, before anything large is fetched.

use std::collections::HashMap;
use std::path::PathBuf;

use sotto_core::pack::{
    Blob, MAX_MANIFEST_BYTES, PackError, Runtime, Sha256, VerifiedManifest, sha256, trusted_keys,
    verify_manifest,
};

use super::UpdateError;
use super::fetch::{Fetcher, RemoteFile};
use super::repository::{Release, blob_name};
use crate::models::{BLOBS, Held, Installed, ModelStore, Origin, PackState, Refused, UpdatePaths};

/// Length of an ed25519 signature, in bytes.
const SIGNATURE_BYTES: u64 = 64;

/// What an update would do.
#[derive(Debug)]
pub struct Plan {
    /// The packs that have a newer version.
    pub packs: Vec<PackPlan>,
    /// What else there is to say, as sentences: packs that are up to date or that the source does not have.
    pub notes: Vec<String>,
    /// When the metadata expires that this was made from, in seconds since 1970.
    pub(super) expires_s: i64,
}

/// One pack.
#[derive(Debug)]
pub struct PackPlan {
    /// Its name.
    pub name: String,
    /// The version that is offered.
    pub version: u32,
    /// The version in use; none if the pack is not on this device.
    pub installed: Option<u32>,
    /// Whether it is for the browser's engine: this program keeps it, the browser tries it.
    pub is_for_browser: bool,
    /// Why this version was refused or rolled back here before.
    pub refused: Option<String>,
    pub(super) manifest: VerifiedManifest,
    pub(super) json: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) files: Vec<FilePlan>,
}

/// One blob.
#[derive(Debug)]
pub(super) struct FilePlan {
    pub(super) blob: Blob,
    pub(super) way: Way,
}

/// Where a blob comes from.
#[derive(Debug)]
pub(super) enum Way {
    /// From another pack on this device.
    Here(PathBuf),
    /// It was fetched before, into the pack that is being put together.
    Staged,
    /// By a patch; the whole file where that fails.
    Patch {
        base: PathBuf,
        patch: RemoteFile,
        whole: RemoteFile,
        have_bytes: u64,
    },
    /// Whole.
    Whole { whole: RemoteFile, have_bytes: u64 },
}

impl Plan {
    /// Bytes that are to be fetched.
    pub fn fetch_bytes(&self) -> u64 {
        self.packs.iter().map(PackPlan::fetch_bytes).sum()
    }
}

impl PackPlan {
    /// Bytes that are to be fetched; what is there from an interrupted update is not counted.
    pub fn fetch_bytes(&self) -> u64 {
        let bytes = |file: &FilePlan| match &file.way {
            Way::Here(_) | Way::Staged => 0,
            Way::Patch {
                patch, have_bytes, ..
            } => patch.bytes.saturating_sub(*have_bytes),
            Way::Whole { whole, have_bytes } => whole.bytes.saturating_sub(*have_bytes),
        };
        self.files.iter().map(bytes).sum()
    }

    /// Bytes that are to be fetched if no patch fits.
    pub fn at_most_bytes(&self) -> u64 {
        let bytes = |file: &FilePlan| match &file.way {
            Way::Here(_) | Way::Staged => 0,
            Way::Patch {
                patch,
                whole,
                have_bytes,
                ..
            } => patch.bytes.saturating_sub(*have_bytes) + whole.bytes,
            Way::Whole { whole, have_bytes } => whole.bytes.saturating_sub(*have_bytes),
        };
        self.files.iter().map(bytes).sum()
    }

    /// Bytes of the whole pack.
    pub fn total_bytes(&self) -> u64 {
        let blobs = self.manifest.manifest().blobs.iter();
        blobs.map(|blob| u64::from(blob.bytes)).sum()
    }

    /// The files that an interrupted update of this may have begun to fetch.
    pub(super) fn parts(&self, paths: &UpdatePaths) -> Vec<PathBuf> {
        let parts = |file: &FilePlan| match &file.way {
            Way::Here(_) | Way::Staged => vec![],
            Way::Patch { patch, whole, .. } => {
                vec![partial_path(paths, patch), partial_path(paths, whole)]
            }
            Way::Whole { whole, .. } => vec![partial_path(paths, whole)],
        };
        self.files.iter().flat_map(parts).collect()
    }

    /// What it will be known by.
    pub(super) fn held(&self) -> Held {
        Held {
            version: self.version,
            manifest: sha256(&self.json),
        }
    }
}

/// Looks for newer versions of a pack.
pub(super) struct Planner<'a> {
    pub(super) fetcher: &'a Fetcher,
    pub(super) release: &'a Release,
    pub(super) store: &'a ModelStore,
    pub(super) paths: &'a UpdatePaths,
}

/// What came of it.
pub(super) enum Found {
    Newer(Box<PackPlan>),
    Note(String),
}

impl Planner<'_> {
    /// Fetches the manifest of a pack, judges it, and says where each blob comes from.
    pub(super) async fn plan(&self, name: &str, state: &PackState) -> Result<Found, UpdateError> {
        let file = |end: &str| self.release.file(&format!("{name}.manifest.{end}"));
        let (Some(json), Some(signature)) = (file("json"), file("sig")) else {
            return Ok(Found::Note(format!("the source has no {name}")));
        };
        // Before anything is fetched: metadata may claim any length.
        for (file, limit_bytes) in [
            (json, MAX_MANIFEST_BYTES as u64),
            (signature, SIGNATURE_BYTES),
        ] {
            if file.bytes > limit_bytes {
                return Err(UpdateError::Endless {
                    file: file.name.clone(),
                    limit_bytes,
                });
            }
        }
        let json = self.fetcher.read_verified(json).await?;
        let signature = self.fetcher.read_verified(signature).await?;
        let pack_error = |source| UpdateError::Pack {
            name: name.to_owned(),
            source,
        };
        let manifest =
            verify_manifest(&json, &signature, &trusted_keys(), None).map_err(pack_error)?;
        let fields = manifest.manifest();
        if fields.name != name {
            return Err(UpdateError::WrongPack {
                wanted: name.to_owned(),
            });
        }
        if fields.known_answer.is_empty() {
            return Err(pack_error(PackError::FieldInvalid {
                field: "knownAnswer",
            }));
        }
        let version = fields.version;
        let here = self.here(name, state);
        let installed = here.iter().map(|pack| pack.manifest().version).max();
        let active = state
            .active
            .map(|held| held.version)
            .max(self.shipped(&here));
        let newest = state.newest.max(installed.unwrap_or(0));
        if version < newest {
            return Err(UpdateError::PackRollback {
                name: name.to_owned(),
                found: version,
                newest,
            });
        }
        if Some(version) == active {
            return Ok(Found::Note(format!(
                "{name} version {version} is the newest"
            )));
        }
        self.check_extraneous(&manifest)?;
        let held = Held {
            version,
            manifest: sha256(&json),
        };
        let is_for_browser = fields.runtime == Runtime::Burn;
        if is_for_browser && state.candidate == Some(held) {
            return Ok(Found::Note(format!(
                "{name} version {version} is here and waits for the browser to try it"
            )));
        }
        let refused = state
            .refused
            .as_ref()
            .filter(|refused| refused.pack == held);
        let files = self.files(&manifest, &here)?;
        Ok(Found::Newer(Box::new(PackPlan {
            name: name.to_owned(),
            version,
            installed: active,
            is_for_browser,
            refused: refused.map(|Refused { why, .. }| why.clone()),
            manifest,
            json,
            signature,
            files,
        })))
    }

    /// The versions of a pack on this device whose blobs can be used again.
    fn here(&self, name: &str, state: &PackState) -> Vec<Installed> {
        let held = [state.active, state.previous, state.candidate];
        let updated = held
            .into_iter()
            .flatten()
            .map(|held| self.store.updated(name, held));
        let listed = self.store.list().into_iter().chain(updated);
        listed
            .filter_map(|listed| listed.pack.ok())
            .filter(|pack| pack.origin() != Origin::Imported)
            .filter(|pack| pack.manifest().name == name)
            .collect()
    }

    fn shipped(&self, here: &[Installed]) -> Option<u32> {
        here.iter()
            .filter(|pack| pack.origin() == Origin::Shipped)
            .map(|pack| pack.manifest().version)
            .max()
    }

    /// Refuses metadata that adds files to a pack which its own signer did not.
    fn check_extraneous(&self, manifest: &VerifiedManifest) -> Result<(), UpdateError> {
        let manifest = manifest.manifest();
        let wanted: Vec<String> = manifest
            .blobs
            .iter()
            .map(|blob| blob_name(blob.sha256))
            .collect();
        let is_extra = |name: &&str| !wanted.iter().any(|wanted| wanted == name);
        match self
            .release
            .blobs_of(&manifest.name)
            .filter(is_extra)
            .count()
        {
            0 => Ok(()),
            count => Err(UpdateError::Extraneous {
                name: manifest.name.clone(),
                count,
            }),
        }
    }

    fn files(
        &self,
        manifest: &VerifiedManifest,
        here: &[Installed],
    ) -> Result<Vec<FilePlan>, UpdateError> {
        let fields = manifest.manifest();
        let staged = self.paths.staging(&fields.name, fields.version);
        let staged = staged.join(BLOBS);
        let local = local_blobs(here);
        let mut files: Vec<FilePlan> = Vec::new();
        for blob in &fields.blobs {
            // Two roles may share a file.
            if files.iter().any(|file| file.blob.sha256 == blob.sha256) {
                continue;
            }
            let way = if staged.join(blob.sha256.to_string()).is_file() {
                Way::Staged
            } else if let Some(path) = local.get(&blob.sha256.0) {
                Way::Here(path.clone())
            } else {
                self.way(blob, &local)?
            };
            let blob = blob.clone();
            files.push(FilePlan { blob, way });
        }
        Ok(files)
    }

    fn way(&self, blob: &Blob, local: &HashMap<[u8; 32], PathBuf>) -> Result<Way, UpdateError> {
        let whole = self.release.blob(blob.sha256);
        let whole = whole.ok_or_else(|| UpdateError::Missing {
            file: blob_name(blob.sha256),
        })?;
        // Both are signed, by different keys; they have to say the same.
        if whole.sha256 != blob.sha256 || whole.bytes != u64::from(blob.bytes) {
            return Err(UpdateError::Mixed {
                file: whole.name.clone(),
            });
        }
        let whole = whole.clone();
        let patches = self.release.patches_to(blob.sha256);
        let best = patches
            .filter_map(|(from, patch)| {
                let base = local
                    .iter()
                    .find(|(sum, _)| Sha256(**sum).to_string() == from)?;
                Some((base.1.clone(), patch))
            })
            .filter(|(_, patch)| patch.bytes < whole.bytes)
            .min_by_key(|(_, patch)| patch.bytes);
        let have = |file: &RemoteFile| have_bytes(self.paths, file);
        Ok(match best {
            Some((base, patch)) => Way::Patch {
                base,
                have_bytes: have(patch),
                patch: patch.clone(),
                whole,
            },
            None => Way::Whole {
                have_bytes: have(&whole),
                whole,
            },
        })
    }
}

/// Where a file is while it is fetched.
pub(super) fn partial_path(paths: &UpdatePaths, file: &RemoteFile) -> PathBuf {
    paths.partial().join(format!("{}.part", file.sha256))
}

fn have_bytes(paths: &UpdatePaths, file: &RemoteFile) -> u64 {
    std::fs::metadata(partial_path(paths, file)).map_or(0, |found| found.len())
}

/// The blobs of some packs by their SHA-256. They are verified when they are used.
fn local_blobs(packs: &[Installed]) -> HashMap<[u8; 32], PathBuf> {
    let blobs = |pack: &Installed| {
        let pack = pack.clone();
        let blobs = pack.manifest().blobs.clone();
        blobs
            .into_iter()
            .filter_map(move |blob| Some((blob.sha256.0, pack.blob_path(&blob).ok()?)))
    };
    packs.iter().flat_map(blobs).collect()
}
