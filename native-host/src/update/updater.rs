//! The two calls: what would an update do, and do it.

use std::fs::{self, File, TryLockError};

use super::error::UpdateError;
use super::fetch::Fetcher;
use super::plan::{Found, Plan, Planner};
use super::repository::Release;
use super::source::{Source, SourceConfig};
use super::trust::Trust;
use crate::models::{ModelError, ModelStore, Origin, SHIPPED_MODEL, UpdatePaths, UpdateState};

/// The root of trust of releases. There is none before the first release: whoever builds from a checkout names one.
const RELEASE_ROOT: Option<&[u8]> = None;

/// Updates of the models on this device.
///
/// Everything here waits for the network and for disks; a caller that must not wait calls it from a thread.
#[derive(Debug, Clone)]
pub struct Updater {
    store: ModelStore,
    paths: UpdatePaths,
}

/// What is going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// So much is fetched of all.
    Fetched {
        /// Bytes there are.
        done_bytes: u64,
        /// Bytes there will be.
        total_bytes: u64,
    },
    /// A patch did not do; the whole file is fetched.
    PatchFailed {
        /// Why, as a sentence.
        why: String,
        /// Bytes of the file.
        whole_bytes: u64,
    },
    /// A new model is asked for its known answer.
    Trying {
        /// Its name.
        name: String,
        /// Its version.
        version: u32,
    },
}

/// What an update brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Packs that are in use from the next start on.
    pub active: Vec<(String, u32)>,
    /// Packs that wait for the browser's known-answer test.
    pub candidates: Vec<(String, u32)>,
}

/// Counts what is fetched, and asks whoever watches whether to go on.
pub(super) struct Watch<'a> {
    on: &'a mut (dyn FnMut(Progress) -> bool + Send),
    done_bytes: u64,
    total_bytes: u64,
}

/// Held while updates are changed. The system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, not used")] File);

impl<'a> Watch<'a> {
    pub(super) fn new(on: &'a mut (dyn FnMut(Progress) -> bool + Send), total_bytes: u64) -> Self {
        Self {
            on,
            done_bytes: 0,
            total_bytes,
        }
    }

    /// Tells; an error if it is not to go on.
    pub(super) fn tell(&mut self, progress: Progress) -> Result<(), UpdateError> {
        match (self.on)(progress) {
            true => Ok(()),
            false => Err(UpdateError::Stopped),
        }
    }

    /// So many bytes of the file that is being fetched are there.
    pub(super) fn bytes(&mut self, _file: &str, bytes: u64) -> bool {
        let done_bytes = self.done_bytes + bytes;
        (self.on)(Progress::Fetched {
            done_bytes,
            total_bytes: self.total_bytes.max(done_bytes),
        })
    }

    /// A file is there.
    pub(super) fn finished(&mut self, bytes: u64) {
        self.done_bytes += bytes;
    }
}

impl Updater {
    /// Updates of the packs in this store. Reads nothing yet.
    pub fn new(store: ModelStore) -> Self {
        let paths = store.updates();
        Self { store, paths }
    }

    /// Where updates are kept.
    pub fn paths(&self) -> &UpdatePaths {
        &self.paths
    }

    pub(super) fn store(&self) -> &ModelStore {
        &self.store
    }

    /// The source that the user named.
    ///
    /// # Errors
    /// [`UpdateError::NoSource`], [`UpdateError::SourceUnusable`].
    pub fn source(&self) -> Result<Source, UpdateError> {
        let config = SourceConfig::load(&self.paths.source())?;
        Source::parse(&config.ok_or(UpdateError::NoSource)?.source)
    }

    /// Names the source, and with `root` the root of trust. What was trusted before is kept as long as the root is the same:
    /// another mirror may not offer older releases than the one before.
    ///
    /// # Errors
    /// [`UpdateError::SourceUnusable`], [`UpdateError::RootInvalid`], [`UpdateError::NoRoot`].
    pub fn set_source(
        &self,
        source: &str,
        root: Option<&std::path::Path>,
    ) -> Result<Source, UpdateError> {
        let source = Source::parse(source)?;
        let _lock = self.lock()?;
        if let Some(path) = root {
            let json = crate::models::files::read_followed(path, super::trust::MAX_ROOT_BYTES)?;
            if super::trust::parsed(&json).is_none() {
                return Err(UpdateError::RootInvalid { path: path.into() });
            }
            let before = fs::read(self.paths.root()).ok();
            if before.as_ref() != Some(&json) {
                // Another repository: its versions have nothing to do with those before.
                let trust = self.paths.trust();
                if trust.exists() {
                    fs::remove_dir_all(&trust).map_err(UpdateError::file(&trust))?;
                }
                crate::models::files::write_atomically(&self.paths.root(), &json, 0o600)?;
            }
        }
        Trust::open(&self.paths, RELEASE_ROOT)?;
        let config = SourceConfig {
            source: source.describe(),
            other: serde_json::Map::new(),
        };
        config.save(&self.paths.source())?;
        Ok(source)
    }

    /// The packs that are looked for unless somebody names others: those that came with the program or by an update, and the one
    /// that should have come.
    pub fn packs(&self) -> Vec<String> {
        let mut names = vec![SHIPPED_MODEL.to_owned()];
        let listed = self.store.list().into_iter();
        names.extend(
            listed
                .filter(|listed| listed.origin == Origin::Shipped)
                .filter_map(|listed| Some(listed.pack.ok()?.manifest().name.clone())),
        );
        names.extend(UpdateState::load(&self.paths).packs.into_keys());
        names.sort();
        names.dedup();
        names
    }

    /// Asks the source what is new. Fetches metadata and manifests, a few kilobytes, and changes nothing but the memory of what
    /// was seen.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn check(&self, packs: &[String]) -> Result<Plan, UpdateError> {
        let source = self.source()?;
        let _lock = self.lock()?;
        let trust = Trust::open(&self.paths, RELEASE_ROOT)?;
        let fetcher = Fetcher::new(&source)?;
        block_on(async {
            let release = Release::load(&fetcher, &trust).await?;
            let state = UpdateState::load(&self.paths);
            let planner = Planner {
                fetcher: &fetcher,
                release: &release,
                store: &self.store,
                paths: &self.paths,
            };
            let mut plan = Plan {
                packs: Vec::new(),
                notes: Vec::new(),
                expires_s: release.expires_s,
            };
            for name in packs {
                let known = state.packs.get(name).cloned().unwrap_or_default();
                match planner.plan(name, &known).await? {
                    Found::Newer(pack) => plan.packs.push(*pack),
                    Found::Note(note) => plan.notes.push(note),
                }
            }
            Ok(plan)
        })?
    }

    /// Takes the lock, or says that somebody else has it.
    pub(super) fn lock(&self) -> Result<Lock, UpdateError> {
        let folder = self.paths.folder();
        fs::create_dir_all(folder).map_err(UpdateError::file(folder))?;
        let path = self.paths.lock();
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(UpdateError::file(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(ModelError::Busy.into()),
            Err(TryLockError::Error(error)) => Err(UpdateError::file(&path)(error)),
        }
    }
}

/// Runs what waits for the network on this thread.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, UpdateError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| UpdateError::Internal("no runtime for the network"))?;
    Ok(runtime.block_on(future))
}
