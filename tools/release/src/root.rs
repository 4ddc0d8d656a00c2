//! The root: which keys sign what, and how many of them it takes.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::path::Path;

use jiff::Timestamp;
use tough::schema::key::Key as PublicKey;
use tough::schema::{RoleKeys, RoleType, Root, Signed};

use crate::{Key, ReleaseError, files, sign, to_bytes};

/// Version of the specification that the metadata follows.
pub(crate) const SPEC_VERSION: &str = "1.0.0";

/// The public keys of each role, and how many of them have to sign.
#[derive(Debug, Clone)]
pub struct Roles {
    /// Offline, in different places and hands.
    pub root: (Vec<PublicKey>, u64),
    /// Used at each release.
    pub targets: (Vec<PublicKey>, u64),
    /// Used at each release.
    pub snapshot: (Vec<PublicKey>, u64),
    /// Used at each release, and again whenever the last one expires.
    pub timestamp: (Vec<PublicKey>, u64),
}

impl Roles {
    fn to_root(&self, version: u64, expires: Timestamp) -> Root {
        let mut keys = HashMap::new();
        let mut roles = HashMap::new();
        for (role, (members, threshold)) in [
            (RoleType::Root, &self.root),
            (RoleType::Targets, &self.targets),
            (RoleType::Snapshot, &self.snapshot),
            (RoleType::Timestamp, &self.timestamp),
        ] {
            let mut keyids = Vec::new();
            for key in members {
                if let Ok(id) = key.key_id() {
                    keys.insert(id.clone(), key.clone());
                    keyids.push(id);
                }
            }
            let role_keys = RoleKeys {
                keyids,
                threshold: NonZeroU64::new(*threshold).unwrap_or(NonZeroU64::MIN),
                _extra: HashMap::new(),
            };
            roles.insert(role, role_keys);
        }
        Root {
            spec_version: SPEC_VERSION.to_owned(),
            consistent_snapshot: true,
            version: NonZeroU64::new(version).unwrap_or(NonZeroU64::MIN),
            expires,
            keys,
            roles,
            _extra: HashMap::new(),
        }
    }
}

/// Writes the first root, or the next one, into the folder of a release, signed by `signers`: for the first one keys of its own,
/// later also those that the root before asks for, so that those who trust that one can go on.
///
/// # Errors
/// [`ReleaseError`].
pub fn write_root(
    out: &Path,
    roles: &Roles,
    version: u64,
    expires: Timestamp,
    signers: &[Key],
) -> Result<Signed<Root>, ReleaseError> {
    let root = sign(roles.to_root(version, expires), signers)?;
    let path = out.join(format!("metadata/{version}.root.json"));
    files::write(&path, &to_bytes(&root)?)?;
    Ok(root)
}

/// Writes the root after the newest one that is there. The signers have to satisfy both.
///
/// # Errors
/// [`ReleaseError::TooFewKeys`] if they do not; nothing is written then.
pub fn rotate(
    out: &Path,
    roles: &Roles,
    expires: Timestamp,
    signers: &[Key],
) -> Result<Signed<Root>, ReleaseError> {
    let before = read_root(out)?;
    let version = before.signed.version.get() + 1;
    let next = sign(roles.to_root(version, expires), signers)?;
    for (which, root) in [
        ("the root before", &before.signed),
        ("the new root", &next.signed),
    ] {
        if root.verify_role(&next).is_err() {
            let needed = root.roles.get(&RoleType::Root);
            return Err(ReleaseError::TooFewKeys {
                role: which,
                given: signers.len(),
                needed: needed.map_or(1, |keys| keys.threshold.get()),
            });
        }
    }
    write_root(out, roles, version, expires, signers)
}

/// The newest root of a release's folder.
///
/// # Errors
/// [`ReleaseError::Metadata`] if there is none.
pub fn read_root(out: &Path) -> Result<Signed<Root>, ReleaseError> {
    let metadata = out.join("metadata");
    let path = |version: u64| metadata.join(format!("{version}.root.json"));
    let mut newest = 0;
    while path(newest + 1).is_file() {
        newest += 1;
    }
    let path = path(newest);
    let json = files::read(&path)?;
    json.and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or(ReleaseError::Metadata { path })
}
