//! Doing what a plan says. Each step leaves the models as they were or as they are to be:
//!
//! 1. blobs come into `staging/<pack>`, which no reader looks at; each is verified before it gets its name;
//! 2. signature and manifest are written beside them, and all of it is verified once more as a reader will see it;
//! 3. the folder is renamed to `installed/<pack>`; no reader looks there before
//! 4. the state names it as the candidate;
//! 5. a worker of its own loads it and it gives its known answer;
//! 6. the state names it as the active one, and the one before as previous; this rename is what brings it into use;
//! 7. what nothing names any more is removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::blobs::Collector;
use super::error::UpdateError;
use super::failpoint::point;
use super::fetch::Fetcher;
use super::plan::{PackPlan, Plan};
use super::prove::{Prove, Verdict};
use super::updater::{Outcome, Progress, Updater, Watch, block_on};
use crate::models::{
    BLOBS, Held, Installed, MANIFEST, ModelError, Origin, PackState, Refused, SIGNATURE,
    UpdateState, files,
};
use sotto_core::pack::{PackError, trusted_keys};

impl Updater {
    /// Fetches, verifies, tries and brings into use what the plan says. `on` is told what is going on and says whether to go on.
    /// With `retry` also what was refused here before.
    ///
    /// # Errors
    /// [`UpdateError`]. The models in use stay in use; what was fetched is kept and not fetched again.
    pub fn apply(
        &self,
        plan: &Plan,
        prove: &dyn Prove,
        retry: bool,
        on: &mut (dyn FnMut(Progress) -> bool + Send),
    ) -> Result<Outcome, UpdateError> {
        if now_s() >= plan.expires_s {
            return Err(UpdateError::PlanExpired);
        }
        let _lock = self.lock()?;
        self.sweep(plan)?;
        let fetcher = Fetcher::new(&self.source()?)?;
        let mut watch = Watch::new(on, plan.fetch_bytes());
        let mut outcome = Outcome::default();
        for pack in &plan.packs {
            if let (Some(why), false) = (&pack.refused, retry) {
                return Err(UpdateError::RefusedBefore {
                    name: pack.name.clone(),
                    version: pack.version,
                    why: why.clone(),
                });
            }
            let newest = self.known(&pack.name).newest;
            if newest > pack.version {
                return Err(UpdateError::PlanOutdated);
            }
            self.bring(pack, &fetcher, &mut watch)?;
            point("candidate");
            let named = (pack.name.clone(), pack.version);
            if pack.is_for_browser {
                outcome.candidates.push(named);
                continue;
            }
            watch.tell(Progress::Trying {
                name: pack.name.clone(),
                version: pack.version,
            })?;
            let dir = self.paths().pack(&pack.name, pack.version);
            let verdict = prove.prove(&dir, pack.total_bytes());
            point("tried");
            self.judge(pack, verdict)?;
            point("active");
            outcome.active.push(named);
        }
        self.sweep(&Plan {
            packs: Vec::new(),
            notes: Vec::new(),
            expires_s: 0,
        })?;
        Ok(outcome)
    }

    /// The browser's engine gave the known answer of its candidate: it is in use from now on.
    ///
    /// # Errors
    /// [`UpdateError::PlanOutdated`] if it is not the candidate any more.
    pub fn confirm(&self, name: &str, tried: Held) -> Result<(), UpdateError> {
        let _lock = self.lock()?;
        match self.known(name).candidate == Some(tried) {
            true => self.activate(name, tried),
            false => Err(UpdateError::PlanOutdated),
        }
    }

    /// The candidate failed in the browser: the one before stays in use, and this one is not tried again by itself.
    ///
    /// # Errors
    /// [`UpdateError::PlanOutdated`] if it is not the candidate any more.
    pub fn reject(&self, name: &str, tried: Held, why: &str) -> Result<(), UpdateError> {
        let _lock = self.lock()?;
        match self.known(name).candidate == Some(tried) {
            true => self.refuse(name, tried, why),
            false => Err(UpdateError::PlanOutdated),
        }
    }

    /// Goes back to the version before, and gives its number; none if that is the one that came with the program.
    ///
    /// # Errors
    /// [`UpdateError::NoPrevious`] if the pack was not updated here.
    pub fn roll_back(&self, name: &str) -> Result<Option<u32>, UpdateError> {
        let _lock = self.lock()?;
        let known = self.known(name);
        let active = known
            .active
            .ok_or_else(|| UpdateError::NoPrevious(name.to_owned()))?;
        self.change(name, |pack| {
            pack.active = pack.previous.take();
            // Only the newest can be offered again.
            let is_newest = |refused: &Refused| refused.pack.version < active.version;
            if pack.refused.as_ref().is_none_or(is_newest) {
                pack.refused = Some(Refused {
                    pack: active,
                    why: "you went back from it".to_owned(),
                });
            }
        })?;
        self.sweep(&Plan {
            packs: Vec::new(),
            notes: Vec::new(),
            expires_s: 0,
        })?;
        Ok(known.previous.map(|held| held.version))
    }

    /// Puts a pack together, and makes it the candidate.
    fn bring(
        &self,
        pack: &PackPlan,
        fetcher: &Fetcher,
        watch: &mut Watch<'_>,
    ) -> Result<(), UpdateError> {
        let held = pack.held();
        if self.known(&pack.name).candidate == Some(held) {
            // An interrupted update got this far.
            let candidate = self.store().updated(&pack.name, held).pack;
            if candidate.and_then(|pack| pack.verify_all()).is_ok() {
                return Ok(());
            }
            self.change(&pack.name, |pack| pack.candidate = None)?;
        }
        let staging = self.paths().staging(&pack.name, pack.version);
        let blobs = staging.join(BLOBS);
        fs::create_dir_all(&blobs).map_err(UpdateError::file(&blobs))?;
        let collector = Collector {
            fetcher,
            paths: self.paths(),
            folder: blobs.clone(),
        };
        block_on(async {
            for file in &pack.files {
                collector.collect(file, watch).await?;
            }
            Ok::<(), UpdateError>(())
        })??;
        files::sync_folder(&blobs);
        point("collected");
        files::write_atomically(&staging.join(SIGNATURE), &pack.signature, 0o644)?;
        point("signature");
        files::write_atomically(&staging.join(MANIFEST), &pack.json, 0o644)?;
        point("manifest");
        verify(&staging)?;
        let place = self.paths().pack(&pack.name, pack.version);
        if place.exists() {
            // Left by an update that was interrupted here: nothing names it.
            fs::remove_dir_all(&place).map_err(UpdateError::file(&place))?;
        }
        let installed = self.paths().installed();
        fs::create_dir_all(&installed).map_err(UpdateError::file(&installed))?;
        fs::rename(&staging, &place).map_err(UpdateError::file(&place))?;
        files::sync_folder(&installed);
        point("renamed");
        self.change(&pack.name, |known| {
            known.candidate = Some(held);
            known.newest = known.newest.max(pack.version);
        })
    }

    fn judge(&self, pack: &PackPlan, verdict: Verdict) -> Result<(), UpdateError> {
        let (name, version) = (pack.name.clone(), pack.version);
        let kept = match pack.installed {
            Some(version) => format!("version {version} stays in use"),
            None => "no version is in use".to_owned(),
        };
        match verdict {
            Verdict::Good => self.activate(&name, pack.held()),
            Verdict::Broken(why) => {
                self.refuse(&name, pack.held(), &why)?;
                Err(UpdateError::Broken {
                    name,
                    version,
                    why,
                    kept,
                })
            }
            Verdict::Unknown(why) => Err(UpdateError::Untried {
                name,
                version,
                why,
                kept,
            }),
        }
    }

    fn activate(&self, name: &str, held: Held) -> Result<(), UpdateError> {
        self.change(name, |pack| {
            pack.previous = pack.active.filter(|before| *before != held);
            pack.active = Some(held);
            pack.candidate = None;
            pack.refused = None;
        })
    }

    fn refuse(&self, name: &str, held: Held, why: &str) -> Result<(), UpdateError> {
        self.change(name, |pack| {
            pack.candidate = None;
            pack.refused = Some(Refused {
                pack: held,
                why: why.to_owned(),
            });
        })?;
        let dir = self.paths().pack(name, held.version);
        fs::remove_dir_all(&dir).map_err(UpdateError::file(&dir))
    }

    fn known(&self, name: &str) -> PackState {
        let state = UpdateState::load(self.paths());
        state.packs.get(name).cloned().unwrap_or_default()
    }

    /// One rename.
    fn change(&self, name: &str, edit: impl FnOnce(&mut PackState)) -> Result<(), UpdateError> {
        let mut state = UpdateState::load(self.paths());
        edit(state.packs.entry(name.to_owned()).or_default());
        point("state");
        Ok(state.save(self.paths())?)
    }

    /// Removes what nothing names: packs that are neither active, previous nor candidate, and, unless the plan is about them,
    /// packs that are being put together and files that are being fetched. Called with the lock held.
    fn sweep(&self, plan: &Plan) -> Result<(), UpdateError> {
        let paths = self.paths();
        let state = UpdateState::load(paths);
        let mut kept: Vec<PathBuf> = vec![paths.state()];
        for (name, pack) in &state.packs {
            let held = [pack.active, pack.previous, pack.candidate];
            kept.extend(
                held.into_iter()
                    .flatten()
                    .map(|held| paths.pack(name, held.version)),
            );
        }
        remove_others(&paths.installed(), &kept)?;
        let wanted: Vec<PathBuf> = plan
            .packs
            .iter()
            .map(|pack| paths.staging(&pack.name, pack.version))
            .collect();
        remove_others(&paths.all_staging(), &wanted)?;
        let fetched: Vec<PathBuf> = plan
            .packs
            .iter()
            .flat_map(|pack| pack.parts(paths))
            .collect();
        remove_others(&paths.partial(), &fetched)?;
        point("swept");
        Ok(())
    }
}

/// Checks a pack as a reader will. A blob that is not what it should be is removed, so that the next update fetches it again.
fn verify(staging: &Path) -> Result<(), UpdateError> {
    let pack = Installed::open_any(staging, Origin::Updated, &trusted_keys())?;
    let verified = pack.verify_all();
    if let Err(ModelError::Pack {
        source: PackError::BlobHash(_) | PackError::BlobLength { .. },
        ..
    }) = &verified
    {
        fs::remove_dir_all(staging).map_err(UpdateError::file(staging))?;
    }
    point("verified");
    Ok(verified?)
}

/// Removes everything from a folder but these.
fn remove_others(folder: &Path, kept: &[PathBuf]) -> Result<(), UpdateError> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if kept.contains(&path) {
            continue;
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = match is_folder {
            true => fs::remove_dir_all(&path),
            false => fs::remove_file(&path),
        };
        removed.map_err(UpdateError::file(&path))?;
        point("removed");
    }
    Ok(())
}

fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(i64::MAX, |now| {
        i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
    })
}
