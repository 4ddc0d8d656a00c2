//! A release: the newest version of some packs, patches to it from what is out there, and metadata over all of it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sotto_core::pack::{
    Blob, Manifest, PackError, Sha256, VerifiedManifest, sha256, trusted_keys, verify_manifest,
};
use tough::TargetName;
use tough::schema::{Hashes, Metafile, Role, Root, Signed, Snapshot, Target, Targets};

use crate::root::SPEC_VERSION;
use crate::{Key, ReleaseError, Signers, files, read_root, sign, to_bytes};

/// A patch is offered if it has at most this share of the whole blob.
const WORTHWHILE: f64 = 0.9;

/// How long each kind of metadata is good.
#[derive(Debug, Clone, Copy)]
pub struct Expiries {
    /// How long a release may stay the newest without being signed again.
    pub targets: SignedDuration,
    /// As for targets.
    pub snapshot: SignedDuration,
    /// How long somebody can hold back a newer release without being noticed.
    pub timestamp: SignedDuration,
}

impl Default for Expiries {
    fn default() -> Self {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        Self {
            targets: days(180),
            snapshot: days(180),
            timestamp: days(14),
        }
    }
}

/// What to release.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the release; `metadata/N.root.json` is there already.
    pub out: PathBuf,
    /// Folders of packs, as `sotto-pack` makes them. Packs of the last release that are not named stay as they are.
    pub packs: Vec<PathBuf>,
    /// Folders of older packs; patches from them are made beside those from the last release.
    pub from: Vec<PathBuf>,
    /// How long the metadata is good.
    pub expiries: Expiries,
    /// Now.
    pub now: Timestamp,
}

/// What a release holds, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Version of the targets' metadata.
    pub version: u64,
    /// Patches: from, to, their length and that of the whole blob in bytes.
    pub patches: Vec<(Sha256, Sha256, u64, u64)>,
}

/// Builds and signs a release.
///
/// # Errors
/// [`ReleaseError`]. Metadata is written last and the timestamp after everything else, so that until then the last release is
/// what a mirror serves.
pub fn release(options: &Options, signers: &Signers) -> Result<Report, ReleaseError> {
    let root = read_root(&options.out)?;
    let last = Last::read(&options.out)?;
    let mut writer = Writer {
        out: &options.out,
        targets: last.targets.clone(),
        patches: Vec::new(),
    };
    let mut bases: Vec<Pack> = Vec::new();
    for dir in &options.from {
        bases.push(Pack::read(dir)?);
    }
    for dir in &options.packs {
        let pack = Pack::read(dir)?;
        let before = last.pack(&pack.manifest().name)?;
        if let Some(before) = &before {
            let (found, last) = (pack.manifest().version, before.manifest().version);
            if found < last || (found == last && pack.json != before.json) {
                return Err(ReleaseError::NotNewer {
                    name: pack.manifest().name.clone(),
                    found,
                    last,
                });
            }
        }
        writer.add(&pack, before.iter().chain(&bases))?;
    }
    let Writer {
        targets, patches, ..
    } = writer;
    let version = last.version + 1;
    publish(options, &root, version, targets, signers)?;
    Ok(Report { version, patches })
}

/// Signs the same release again, so that it does not expire.
///
/// # Errors
/// [`ReleaseError`].
pub fn refresh(options: &Options, signers: &Signers) -> Result<Report, ReleaseError> {
    let again = Options {
        packs: Vec::new(),
        from: Vec::new(),
        ..options.clone()
    };
    release(&again, signers)
}

/// A pack's folder.
struct Pack {
    blobs: PathBuf,
    json: Vec<u8>,
    signature: Vec<u8>,
    manifest: VerifiedManifest,
    /// Of a release: its blobs are named otherwise.
    is_released: bool,
}

impl Pack {
    fn read(dir: &Path) -> Result<Self, ReleaseError> {
        let file = |name: &str| {
            let path = dir.join(name);
            fs::read(&path).map_err(ReleaseError::file(&path))
        };
        let (json, signature) = (file("manifest.json")?, file("manifest.sig")?);
        Self::verified(dir, dir.join("blobs"), json, signature, false)
    }

    fn verified(
        dir: &Path,
        blobs: PathBuf,
        json: Vec<u8>,
        signature: Vec<u8>,
        is_released: bool,
    ) -> Result<Self, ReleaseError> {
        let manifest = verify_manifest(&json, &signature, &trusted_keys(), None)
            .map_err(ReleaseError::pack(dir))?;
        if manifest.manifest().known_answer.is_empty() {
            // Nobody could tell whether it works.
            let field = PackError::FieldInvalid {
                field: "knownAnswer",
            };
            return Err(ReleaseError::pack(dir)(field));
        }
        Ok(Self {
            blobs,
            json,
            signature,
            manifest,
            is_released,
        })
    }

    fn manifest(&self) -> &Manifest {
        self.manifest.manifest()
    }

    /// A blob's bytes, verified.
    fn blob(&self, blob: &Blob) -> Result<Vec<u8>, ReleaseError> {
        let name = match self.is_released {
            true => format!("{0}.{0}.blob", blob.sha256),
            false => blob.sha256.to_string(),
        };
        let path = self.blobs.join(name);
        let bytes = fs::read(&path).map_err(ReleaseError::file(&path))?;
        let verified = self
            .manifest
            .verify_named(blob.role, blob.name.as_deref(), bytes);
        Ok(verified.map_err(ReleaseError::pack(&path))?.into_bytes())
    }
}

/// The release that is there already.
struct Last {
    out: PathBuf,
    version: u64,
    targets: BTreeMap<String, Target>,
}

impl Last {
    fn read(out: &Path) -> Result<Self, ReleaseError> {
        let metadata = out.join("metadata");
        let mut version = 0;
        while metadata
            .join(format!("{}.targets.json", version + 1))
            .is_file()
        {
            version += 1;
        }
        let mut targets = BTreeMap::new();
        if version > 0 {
            let path = metadata.join(format!("{version}.targets.json"));
            let json = files::read(&path)?;
            let signed: Signed<Targets> = json
                .and_then(|json| serde_json::from_slice(&json).ok())
                .ok_or(ReleaseError::Metadata { path })?;
            for (name, target) in signed.signed.targets {
                targets.insert(name.raw().to_owned(), target);
            }
        }
        Ok(Self {
            out: out.to_owned(),
            version,
            targets,
        })
    }

    fn file(&self, name: &str) -> Result<Option<Vec<u8>>, ReleaseError> {
        let Some(target) = self.targets.get(name) else {
            return Ok(None);
        };
        let sum = hex(target.hashes.sha256.as_ref());
        files::read(&self.out.join(format!("targets/{sum}.{name}")))
    }

    fn pack(&self, name: &str) -> Result<Option<Pack>, ReleaseError> {
        let json = self.file(&format!("{name}.manifest.json"))?;
        let signature = self.file(&format!("{name}.manifest.sig"))?;
        let (Some(json), Some(signature)) = (json, signature) else {
            return Ok(None);
        };
        let blobs = self.out.join("targets");
        Pack::verified(&self.out, blobs, json, signature, true).map(Some)
    }
}

/// Puts the files of a release in place and notes them.
struct Writer<'a> {
    out: &'a Path,
    targets: BTreeMap<String, Target>,
    patches: Vec<(Sha256, Sha256, u64, u64)>,
}

impl Writer<'_> {
    fn add<'p>(
        &mut self,
        pack: &Pack,
        bases: impl Iterator<Item = &'p Pack> + Clone,
    ) -> Result<(), ReleaseError> {
        let manifest = pack.manifest();
        // Blobs of the version before do not belong to this one any more, unless they do.
        self.leave(&manifest.name);
        self.put(
            &format!("{}.manifest.json", manifest.name),
            &pack.json,
            None,
        )?;
        self.put(
            &format!("{}.manifest.sig", manifest.name),
            &pack.signature,
            None,
        )?;
        for blob in &manifest.blobs {
            let bytes = pack.blob(blob)?;
            self.put(
                &format!("{}.blob", blob.sha256),
                &bytes,
                Some(&manifest.name),
            )?;
            for base in bases.clone() {
                let counterpart = base.manifest().named(blob.role, blob.name.as_deref());
                if let Some(old) = counterpart.filter(|old| old.sha256 != blob.sha256) {
                    self.patch(&base.blob(old)?, old.sha256, &bytes, blob.sha256)?;
                }
            }
        }
        Ok(())
    }

    /// Takes a pack out of the notes of all blobs, and drops those that no pack needs.
    fn leave(&mut self, pack: &str) {
        self.targets.retain(|name, target| {
            let Some(packs) = target
                .custom
                .get_mut("packs")
                .and_then(|packs| packs.as_array_mut())
            else {
                return true;
            };
            packs.retain(|other| other != pack);
            !(name.ends_with(".blob") && packs.is_empty())
        });
    }

    fn patch(
        &mut self,
        old: &[u8],
        old_sum: Sha256,
        new: &[u8],
        new_sum: Sha256,
    ) -> Result<(), ReleaseError> {
        let name = format!("{old_sum}-{new_sum}.patch");
        if self.targets.contains_key(&name) {
            return Ok(());
        }
        let patch = match sotto_patch::make(old, new) {
            Ok(patch) => patch,
            // Fetched whole then.
            Err(sotto_patch::PatchError::TooLarge) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if patch.len() as f64 <= new.len() as f64 * WORTHWHILE {
            self.put(&name, &patch, None)?;
            let (patch, whole) = (patch.len() as u64, new.len() as u64);
            self.patches.push((old_sum, new_sum, patch, whole));
        }
        Ok(())
    }

    fn put(&mut self, name: &str, bytes: &[u8], pack: Option<&str>) -> Result<(), ReleaseError> {
        let sum = sha256(bytes);
        files::write(&self.out.join(format!("targets/{sum}.{name}")), bytes)?;
        let mut custom = HashMap::new();
        if let Some(pack) = pack {
            let before = self
                .targets
                .get(name)
                .and_then(|known| known.custom.get("packs"));
            let mut packs: Vec<String> = before
                .and_then(|packs| serde_json::from_value(packs.clone()).ok())
                .unwrap_or_default();
            packs.push(pack.to_owned());
            packs.sort();
            packs.dedup();
            custom.insert("packs".to_owned(), packs.into());
        }
        let target = Target {
            length: bytes.len() as u64,
            hashes: hashes(sum),
            custom,
            _extra: HashMap::new(),
        };
        self.targets.insert(name.to_owned(), target);
        Ok(())
    }
}

fn publish(
    options: &Options,
    root: &Signed<Root>,
    version: u64,
    targets: BTreeMap<String, Target>,
    signers: &Signers,
) -> Result<(), ReleaseError> {
    let metadata = options.out.join("metadata");
    let number = NonZeroU64::new(version).unwrap_or(NonZeroU64::MIN);
    // The specification has whole seconds.
    let now = Timestamp::from_second(options.now.as_second()).unwrap_or(options.now);
    let mut named = HashMap::new();
    for (name, target) in targets {
        let target_name =
            TargetName::new(name.clone()).map_err(|_| ReleaseError::Name(name.clone()))?;
        named.insert(target_name, target);
    }
    let mut role = Targets::new(
        SPEC_VERSION.to_owned(),
        number,
        now + options.expiries.targets,
    );
    role.targets = named;
    let targets = signed(root, role, &signers.targets, "targets")?;
    let targets_json = to_bytes(&targets)?;

    let mut role = Snapshot::new(
        SPEC_VERSION.to_owned(),
        number,
        now + options.expiries.snapshot,
    );
    role.meta
        .insert("targets.json".into(), metafile(&targets_json, number));
    let snapshot = signed(root, role, &signers.snapshot, "snapshot")?;
    let snapshot_json = to_bytes(&snapshot)?;

    let mut role = tough::schema::Timestamp::new(
        SPEC_VERSION.to_owned(),
        number,
        now + options.expiries.timestamp,
    );
    role.meta
        .insert("snapshot.json".into(), metafile(&snapshot_json, number));
    let timestamp = signed(root, role, &signers.timestamp, "timestamp")?;

    files::write(
        &metadata.join(format!("{version}.targets.json")),
        &targets_json,
    )?;
    files::write(
        &metadata.join(format!("{version}.snapshot.json")),
        &snapshot_json,
    )?;
    files::write(&metadata.join("timestamp.json"), &to_bytes(&timestamp)?)
}

/// Signs, and checks that it is enough under this root: what readers would refuse is not published.
fn signed<T: Role + Serialize>(
    root: &Signed<Root>,
    role: T,
    keys: &[Key],
    name: &'static str,
) -> Result<Signed<T>, ReleaseError> {
    let signed = sign(role, keys)?;
    if root.signed.verify_role(&signed).is_err() {
        let needed = root.signed.roles.get(&T::TYPE);
        return Err(ReleaseError::TooFewKeys {
            role: name,
            given: keys.len(),
            needed: needed.map_or(1, |keys| keys.threshold.get()),
        });
    }
    Ok(signed)
}

fn metafile(json: &[u8], version: NonZeroU64) -> Metafile {
    Metafile {
        length: Some(json.len() as u64),
        hashes: Some(hashes(sha256(json))),
        version,
        _extra: HashMap::new(),
    }
}

fn hashes(sum: Sha256) -> Hashes {
    Hashes {
        sha256: sum.0.to_vec().into(),
        _extra: HashMap::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
