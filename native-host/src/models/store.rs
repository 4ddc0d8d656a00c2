//! Finding, verifying and loading packs.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sotto_core::pack::{
    Blob, BlobSet, MAX_MANIFEST_BYTES, Manifest, PackError, PublicKey, Runtime, Sha256,
    VerifiedBlob, VerifiedManifest, sha256, trusted_keys, verify_manifest,
};

use super::{
    DeviceKey, Held, HeldFile, LoadedSettings, ModelError, Settings, StorePaths, UpdatePaths,
    UpdateState, files,
};

/// The model that comes with the program; used while the user has chosen none.
pub const SHIPPED_MODEL: &str = "sotto-nano-onnx";

/// Names inside a pack.
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SIGNATURE: &str = "manifest.sig";
pub(crate) const BLOBS: &str = "blobs";

/// What unfinished imports are called. No pack's name begins with a dot.
pub(super) const UNFINISHED: &str = ".import-";

/// Largest signature file read; a good one has 64 bytes.
const MAX_SIGNATURE_BYTES: u64 = 1_024;

/// Most entries of a models folder that are looked at.
const MAX_LISTED: usize = 256;

/// Who vouches for a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It came with the program, signed by a key compiled into it.
    Shipped,
    /// An update brought it, signed by a key compiled into the program.
    Updated,
    /// The user brought it; signed by this device's key.
    Imported,
}

/// A pack whose manifest was verified. Its blobs are verified when they are loaded.
#[derive(Debug, Clone)]
pub struct Installed {
    dir: PathBuf,
    origin: Origin,
    manifest: VerifiedManifest,
    identity: Sha256,
}

/// An entry of [`ModelStore::list`].
#[derive(Debug)]
pub struct Listed {
    /// Its folder.
    pub dir: PathBuf,
    /// Who should vouch for it.
    pub origin: Origin,
    /// The pack, or why it cannot be used.
    pub pack: Result<Installed, ModelError>,
}

/// The packs of this device.
#[derive(Debug, Clone)]
pub struct ModelStore {
    paths: StorePaths,
    imported: Imported,
}

/// Where the public key for imported packs comes from.
#[derive(Debug, Clone, Copy)]
enum Imported {
    /// From the device's key in the data directory.
    KeyFile,
    /// From whoever started this process, which cannot read that file; none before the first import.
    Told(Option<PublicKey>),
}

impl ModelStore {
    /// The store in these places. Reads nothing yet.
    pub fn open(paths: StorePaths) -> Self {
        Self {
            paths,
            imported: Imported::KeyFile,
        }
    }

    /// The store for a process that must not see the device's key: this is its public half.
    pub fn vouched_by(paths: StorePaths, key: Option<PublicKey>) -> Self {
        Self {
            paths,
            imported: Imported::Told(key),
        }
    }

    /// Its places.
    pub fn paths(&self) -> &StorePaths {
        &self.paths
    }

    /// The user's choices, and what was wrong with their file.
    pub fn settings(&self) -> LoadedSettings {
        Settings::load(&self.paths.settings())
    }

    /// The keys that vouch for packs of this origin. None for imported ones until the first import.
    ///
    /// # Errors
    /// [`ModelError::DeviceKey`].
    pub fn trusted(&self, origin: Origin) -> Result<Vec<PublicKey>, ModelError> {
        match (origin, self.imported) {
            (Origin::Shipped | Origin::Updated, _) => Ok(trusted_keys()),
            (Origin::Imported, Imported::Told(key)) => Ok(key.into_iter().collect()),
            (Origin::Imported, Imported::KeyFile) => {
                let key = DeviceKey::load(&self.paths.device_key())?;
                Ok(key.iter().map(DeviceKey::public).collect())
            }
        }
    }

    /// Every pack, shipped ones first, then those that updates brought, by name. A damaged one is listed with the reason.
    pub fn list(&self) -> Vec<Listed> {
        let mut listed = self.folders_of(Origin::Shipped, &self.paths.shipped);
        let state = UpdateState::load(&self.updates());
        for (name, pack) in &state.packs {
            let active = pack.active.map(|held| self.updated(name, held));
            let is_damaged = active.as_ref().is_some_and(|active| active.pack.is_err());
            listed.extend(active);
            // Only where it has to stand in.
            let previous = pack.previous.filter(|_| is_damaged);
            listed.extend(previous.map(|held| self.updated(name, held)));
        }
        // Those are not for this program.
        listed.retain(|entry| !entry.pack.as_ref().is_ok_and(Installed::is_for_browser));
        listed.extend(self.folders_of(Origin::Imported, &self.paths.models()));
        listed
    }

    /// Where updates are kept.
    pub fn updates(&self) -> UpdatePaths {
        UpdatePaths::new(&self.paths.home)
    }

    /// A pack that an update brought: the one that the state names, and no other.
    pub(crate) fn updated(&self, name: &str, held: Held) -> Listed {
        let dir = self.updates().pack(name, held.version);
        let origin = Origin::Updated;
        let pack = Installed::open_any(&dir, origin, &trusted_keys()).and_then(|pack| {
            let is_meant = pack.identity == held.manifest && pack.manifest().name == name;
            match is_meant {
                true => Ok(pack),
                false => Err(ModelError::WrongPack { path: dir.clone() }),
            }
        });
        Listed { dir, origin, pack }
    }

    fn folders_of(&self, origin: Origin, place: &Path) -> Vec<Listed> {
        let open = |dir: PathBuf| {
            let pack = self
                .trusted(origin)
                .and_then(|keys| Installed::open(&dir, origin, &keys));
            Listed { dir, origin, pack }
        };
        folders(place).into_iter().map(open).collect()
    }

    /// What may answer in the place of a pack of [`Origin::Updated`] that cannot be loaded: the version before it, then the one
    /// that came with the program.
    pub fn stand_ins(&self, pack: &Installed) -> Vec<Installed> {
        if pack.origin != Origin::Updated {
            return Vec::new();
        }
        let name = &pack.manifest().name;
        let state = UpdateState::load(&self.updates());
        let previous = state.packs.get(name).and_then(|known| known.previous);
        let previous = previous.map(|held| self.updated(name, held));
        let shipped = self.folders_of(Origin::Shipped, &self.paths.shipped);
        let all = previous.into_iter().chain(shipped);
        all.filter_map(|listed| listed.pack.ok())
            .filter(|other| other.manifest().name == *name && other.identity != pack.identity)
            .collect()
    }

    /// The pack with this name, the newest version of several; without a name the one that the user chose, or else the
    /// one that came with the program. A shipped pack or its update wins over an imported one of the same
    /// name.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] if there is none; why it cannot be used if there is.
    pub fn resolve(&self, name: Option<&str>) -> Result<Installed, ModelError> {
        let chosen = match name {
            Some(name) => Some(name.to_owned()),
            None => self.settings().settings.model,
        };
        let name = chosen.as_deref().unwrap_or(SHIPPED_MODEL);
        let mut newest: Option<Installed> = None;
        let mut damaged = None;
        for entry in self.list() {
            match entry.pack {
                Ok(pack) if pack.manifest().name == name => {
                    let rank = |pack: &Installed| {
                        (pack.origin != Origin::Imported, pack.manifest().version)
                    };
                    if newest.as_ref().is_none_or(|best| rank(&pack) > rank(best)) {
                        newest = Some(pack);
                    }
                }
                Err(error) if is_named(&entry.dir, name) => damaged = Some(error),
                _ => {}
            }
        }
        match (newest, damaged) {
            (Some(pack), _) => Ok(pack),
            (None, Some(error)) => Err(error),
            (None, None) if chosen.is_none() => Err(ModelError::NoneInstalled),
            (None, None) => Err(ModelError::Unknown(name.into())),
        }
    }
}

impl Installed {
    /// Reads a pack's manifest and verifies it under `trusted`.
    ///
    /// # Errors
    /// [`ModelError::Pack`] if it does not verify; [`ModelError::WrongPack`] if it is for another engine, or shipped
    /// without a self-test; those of reading.
    pub fn open(dir: &Path, origin: Origin, trusted: &[PublicKey]) -> Result<Self, ModelError> {
        let pack = Self::open_any(dir, origin, trusted)?;
        match pack.manifest().runtime {
            Runtime::Onnx => Ok(pack),
            Runtime::Burn => Err(ModelError::WrongPack { path: dir.into() }),
        }
    }

    /// As [`Self::open`], also for a pack that the browser runs: the host keeps updates for it, too.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_any(
        dir: &Path,
        origin: Origin,
        trusted: &[PublicKey],
    ) -> Result<Self, ModelError> {
        let manifest = files::read(&dir.join(MANIFEST), MAX_MANIFEST_BYTES as u64)?;
        let signature = files::read(&dir.join(SIGNATURE), MAX_SIGNATURE_BYTES)?;
        let identity = sha256(&manifest);
        let manifest =
            verify_manifest(&manifest, &signature, trusted, None).map_err(ModelError::pack(dir))?;
        let fields = manifest.manifest();
        let lacks_self_test = origin != Origin::Imported && fields.known_answer.is_empty();
        if lacks_self_test {
            return Err(ModelError::WrongPack { path: dir.into() });
        }
        Ok(Self {
            dir: dir.into(),
            origin,
            manifest,
            identity,
        })
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Who vouches for it.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// What it says about itself, verified.
    pub fn manifest(&self) -> &Manifest {
        self.manifest.manifest()
    }

    /// Whether it is for the browser's engine, which the host does not have.
    pub fn is_for_browser(&self) -> bool {
        self.manifest().runtime == Runtime::Burn
    }

    /// SHA-256 of its manifest, which names every blob by its own: two packs that differ in anything differ in this.
    pub fn identity(&self) -> Sha256 {
        self.identity
    }

    /// Reads the blobs for which `is_wanted`, each once, hashed on the way into the memory that the engine shares.
    ///
    /// # Errors
    /// [`ModelError::Pack`] if one is missing or not the signed one; those of reading.
    pub fn load(&self, is_wanted: impl Fn(&Blob) -> bool) -> Result<BlobSet, ModelError> {
        let mut set = BlobSet::default();
        for blob in self.manifest().blobs.iter().filter(|blob| is_wanted(blob)) {
            set.insert(self.load_one(blob)?);
        }
        Ok(set)
    }

    /// Reads every blob once, keeps none, and checks it.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn verify_all(&self) -> Result<(), ModelError> {
        for blob in &self.manifest().blobs {
            let path = self.blob_path(blob)?;
            let (bytes, sum) = files::hash(&path)?;
            compare(blob, bytes, sum).map_err(ModelError::pack(&self.dir))?;
        }
        Ok(())
    }

    /// Checks a blob where it lies, for an engine that maps files. Nothing where the system does not tell of a file's changes.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn hold(&self, blob: &Blob) -> Result<Option<HeldFile>, ModelError> {
        HeldFile::new(self.blob_path(blob)?, |bytes, sum| {
            compare(blob, bytes, sum).map_err(ModelError::pack(&self.dir))
        })
    }

    /// The file of a blob. `blobs` itself must be a folder and the file a plain one: nothing outside the pack is read.
    ///
    /// # Errors
    /// [`ModelError::NotAFile`], [`ModelError::Pack`] if it is missing.
    pub(crate) fn blob_path(&self, blob: &Blob) -> Result<PathBuf, ModelError> {
        let folder = self.dir.join(BLOBS);
        let missing = || ModelError::pack(&self.dir)(PackError::BlobMissing(blob.role));
        match fs::symlink_metadata(&folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(ModelError::NotAFile { path: folder }),
            Err(_) => return Err(missing()),
        }
        let path = folder.join(blob.sha256.to_string());
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => Ok(path),
            Ok(_) => Err(ModelError::NotAFile { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing()),
            Err(error) => Err(ModelError::file(&path)(error)),
        }
    }

    fn load_one(&self, blob: &Blob) -> Result<VerifiedBlob, ModelError> {
        let path = self.blob_path(blob)?;
        let mut file = files::open(&path)?;
        let found = file.metadata().map_err(ModelError::file(&path))?.len();
        // Before memory is reserved for it, and because a longer file would not be read to its end.
        if found != u64::from(blob.bytes) {
            return Err(ModelError::pack(&self.dir)(PackError::BlobLength {
                role: blob.role,
                expected_bytes: blob.bytes,
                found_bytes: usize::try_from(found).unwrap_or(usize::MAX),
            }));
        }
        let mut intake = self
            .manifest
            .receive(blob.role, blob.name.as_deref())
            .map_err(ModelError::pack(&self.dir))?;
        loop {
            let spare = intake.spare();
            if spare.is_empty() {
                break;
            }
            match file.read(spare) {
                Ok(0) => break,
                Ok(len) => intake.advance(len),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ModelError::file(&path)(error)),
            }
        }
        intake.finish().map_err(ModelError::pack(&self.dir))
    }
}

/// Whether a file of this length and hash is the one that was signed.
fn compare(blob: &Blob, bytes: u64, sum: Sha256) -> Result<(), PackError> {
    if bytes != u64::from(blob.bytes) {
        Err(PackError::BlobLength {
            role: blob.role,
            expected_bytes: blob.bytes,
            found_bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        })
    } else if sum != blob.sha256 {
        Err(PackError::BlobHash(blob.role))
    } else {
        Ok(())
    }
}

/// The folders in a place, by name. Links and names with a leading dot are no packs.
fn folders(place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(place) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .take(MAX_LISTED)
        .collect();
    folders.sort();
    folders
}

/// Whether a folder would hold the pack with this name: `name`, or `name-<version>`.
pub(super) fn is_named(dir: &Path, name: &str) -> bool {
    dir.file_name()
        .and_then(|folder| folder.to_str())
        .and_then(|folder| folder.strip_prefix(name))
        .is_some_and(|rest| {
            let version = rest.strip_prefix('-');
            rest.is_empty() || version.is_some_and(|digits| digits.parse::<u32>().is_ok())
        })
}
