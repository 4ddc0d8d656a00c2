//! TUF metadata, verified by `tough` over our own way to the source.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use reqwest::Url;
use sotto_core::pack::Sha256;
use tough::error::Error as Tough;
use tough::schema::{Error as Schema, Target};
use tough::{
    Bytes, ExpirationEnforcement, Limits, RepositoryLoader, Transport, TransportError,
    TransportErrorKind, TransportStream, async_trait,
};

use super::UpdateError;
use super::fetch::{Fetcher, RemoteFile};
use super::trust::{MAX_ROOT_BYTES, Trust};

/// Folders of a source.
const METADATA: &str = "metadata/";
const TARGETS: &str = "targets/";

/// Most bytes of each kind of metadata: many times what releases of a few packs have.
const LIMITS: Limits = Limits {
    max_root_size: MAX_ROOT_BYTES,
    max_targets_size: 4 * 1024 * 1024,
    max_timestamp_size: 64 * 1024,
    max_snapshot_size: 256 * 1024,
    // A rotation a month for twenty years.
    max_root_updates: 240,
};

/// What the newest release of a source holds.
#[derive(Debug)]
pub(super) struct Release {
    files: HashMap<String, RemoteFile>,
    /// Which packs a file belongs to, as the targets' metadata says; `files`' key.
    packs: HashMap<String, Vec<String>>,
    /// When the first part of the metadata expires, in seconds since 1970.
    pub(super) expires_s: i64,
}

impl Release {
    /// Fetches and verifies the metadata.
    ///
    /// # Errors
    /// [`UpdateError`], with a message of its own for each kind of attack.
    pub(super) async fn load(fetcher: &Fetcher, trust: &Trust<'_>) -> Result<Self, UpdateError> {
        let root = trust.root()?;
        let metadata = fetcher.address(METADATA)?;
        let targets = fetcher.address(TARGETS)?;
        let scratch = trust.lay_out()?;
        let loaded = RepositoryLoader::new(&root, metadata, targets)
            .transport(MetadataTransport(fetcher.clone()))
            .limits(LIMITS)
            .datastore(scratch)
            .expiration_enforcement(ExpirationEnforcement::Safe)
            .load()
            .await;
        trust.keep()?;
        let repository = loaded.map_err(|error| refused(error, trust))?;
        let expires_s = [
            repository.root().signed.expires,
            repository.timestamp().signed.expires,
            repository.snapshot().signed.expires,
            repository.targets().signed.expires,
        ]
        .map(|time| time.as_second())
        .into_iter()
        .min()
        .unwrap_or(0);
        let is_prefixed = repository.root().signed.consistent_snapshot;
        let mut files = HashMap::new();
        let mut packs = HashMap::new();
        for (name, target) in repository.targets().signed.targets.iter() {
            let name = name.raw();
            let Some(file) = remote(name, target, is_prefixed) else {
                return Err(UpdateError::Malformed {
                    role: "targets".into(),
                });
            };
            packs.insert(name.to_owned(), packs_of(target));
            files.insert(name.to_owned(), file);
        }
        Ok(Self {
            files,
            packs,
            expires_s,
        })
    }

    /// The file of this name.
    pub(super) fn file(&self, name: &str) -> Option<&RemoteFile> {
        self.files.get(name)
    }

    /// The whole file of a blob.
    pub(super) fn blob(&self, sha256: Sha256) -> Option<&RemoteFile> {
        self.file(&blob_name(sha256))
    }

    /// The blobs that the metadata counts to this pack, by their names.
    pub(super) fn blobs_of(&self, pack: &str) -> impl Iterator<Item = &str> {
        let is_of_pack = move |packs: &[String]| packs.iter().any(|name| name == pack);
        self.packs
            .iter()
            .filter(move |(name, packs)| name.ends_with(".blob") && is_of_pack(packs))
            .map(|(name, _)| name.as_str())
    }

    /// The patches that make this blob: from which one, and the file.
    pub(super) fn patches_to(&self, output: Sha256) -> impl Iterator<Item = (&str, &RemoteFile)> {
        let end = format!("-{output}.patch");
        self.files
            .iter()
            .filter_map(move |(name, file)| Some((name.strip_suffix(&end)?, file)))
    }
}

/// Name of the target that is a blob.
pub(super) fn blob_name(sha256: Sha256) -> String {
    format!("{sha256}.blob")
}

fn packs_of(target: &Target) -> Vec<String> {
    let packs = target.custom.get("packs");
    let packs = packs.and_then(|packs| serde_json::from_value(packs.clone()).ok());
    packs.unwrap_or_default()
}

/// A file of the metadata. Names are plain: they become a part of an address and of a path.
fn remote(name: &str, target: &Target, is_prefixed: bool) -> Option<RemoteFile> {
    let is_plain = !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    let sha256 = Sha256(target.hashes.sha256.as_ref().try_into().ok()?);
    let file = match is_prefixed {
        true => format!("{TARGETS}{sha256}.{name}"),
        false => format!("{TARGETS}{name}"),
    };
    is_plain.then(|| RemoteFile {
        path: file,
        name: name.to_owned(),
        bytes: target.length,
        sha256,
    })
}

/// `tough`'s way to the source. Files come whole: they are small, and one byte more than allowed is enough for it to notice.
#[derive(Debug, Clone)]
struct MetadataTransport(Fetcher);

#[async_trait]
impl Transport for MetadataTransport {
    async fn fetch(&self, url: Url) -> Result<TransportStream, TransportError> {
        let failed = |error: UpdateError| {
            let kind = match error {
                UpdateError::Missing { .. } => TransportErrorKind::FileNotFound,
                _ => TransportErrorKind::Other,
            };
            TransportError::new_with_cause(kind, url.clone(), error)
        };
        let path = self
            .0
            .path_of(&url)
            .ok_or_else(|| failed(UpdateError::Internal("an address outside of the source")))?;
        let bytes = self.0.read(&path, LIMITS.max_targets_size).await;
        Ok(Box::pin(Whole(Some(Bytes::from(bytes.map_err(failed)?)))))
    }
}

/// A stream of one piece.
struct Whole(Option<Bytes>);

impl Stream for Whole {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

/// What `tough` refused, in our words.
fn refused(error: Tough, trust: &Trust<'_>) -> UpdateError {
    match error {
        Tough::VerifyMetadata { role, source, .. } => unsigned(role.to_string(), &source),
        Tough::VerifyRoleMetadata { role, source, .. } => unsigned(role, &source),
        Tough::VerifyTrustedMetadata { .. } | Tough::ParseTrustedMetadata { .. } => {
            UpdateError::RootInvalid {
                path: trust.clock().with_file_name("root.json"),
            }
        }
        Tough::ExpiredMetadata { role, .. } => UpdateError::Expired {
            role: role.to_string(),
        },
        Tough::SystemTimeSteppedBackward { .. } => UpdateError::ClockWentBack {
            path: trust.clock(),
        },
        Tough::OlderMetadata { role, .. } => rollback(&role.to_string()),
        Tough::OlderSnapshotInTimestamp { .. } => rollback("snapshot"),
        Tough::SnapshotRoleRollback { role, .. } | Tough::SnapshotRoleMissing { role, .. } => {
            rollback(role.trim_end_matches(".json"))
        }
        Tough::MaxUpdatesExceeded { .. } => UpdateError::Endless {
            file: "the chain of roots".into(),
            limit_bytes: LIMITS.max_root_updates * LIMITS.max_root_size,
        },
        Tough::VersionMismatch { role, .. } => UpdateError::Mixed {
            file: format!("the {role} metadata"),
        },
        Tough::ParseMetadata { role, .. } => UpdateError::Malformed {
            role: role.to_string(),
        },
        Tough::Transport { url, source, .. } => carried(&url, source),
        Tough::DatastoreCreate { path, source, .. }
        | Tough::DatastoreOpen { path, source, .. }
        | Tough::DatastoreRemove { path, source, .. } => UpdateError::file(&path)(source),
        _ => UpdateError::Malformed {
            role: "update".into(),
        },
    }
}

fn unsigned(role: String, error: &Schema) -> UpdateError {
    match error {
        Schema::SignatureThreshold {
            threshold, valid, ..
        } => UpdateError::Signature {
            role,
            valid: *valid,
            threshold: *threshold,
        },
        _ => UpdateError::Malformed { role },
    }
}

fn rollback(role: &str) -> UpdateError {
    UpdateError::Rollback { role: role.into() }
}

/// What went wrong on the way: too much, another file than the one that was named, or our own error.
fn carried(url: &Url, error: TransportError) -> UpdateError {
    let file = url
        .path_segments()
        .and_then(|mut parts| parts.next_back())
        .unwrap_or_default()
        .to_owned();
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(cause) = next {
        match cause.downcast_ref::<Tough>() {
            Some(Tough::MaxSizeExceeded { max_size, .. }) => {
                return UpdateError::Endless {
                    file,
                    limit_bytes: *max_size,
                };
            }
            Some(Tough::HashMismatch { .. }) => return UpdateError::Mixed { file },
            _ => {}
        }
        if let Some(UpdateError::Missing { .. }) = cause.downcast_ref() {
            return UpdateError::Missing { file };
        }
        next = cause.source();
    }
    UpdateError::Unreachable {
        file,
        source: Some(Box::new(error)),
    }
}
