//! Updates on request of the extension: on a thread of their own, one at a time, because they wait for the network and for disks.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use sotto_core::protocol::{
    ErrorCode, HostEvent, HostRequest, PlannedPack, UpdateOutcome, UpdatePlan, UpdatedPack,
    WireError,
};
use tokio::sync::mpsc;

use super::{Plan, Progress, Prove, UpdateError, Updater};
use crate::broker::id_of;
use crate::hand_over::BROWSER_MODEL;

/// Takes requests, and gives the events that answer them.
pub struct UpdateDesk {
    updater: Updater,
    prove: Arc<dyn Prove + Send + Sync>,
    sender: mpsc::UnboundedSender<HostEvent>,
    receiver: mpsc::UnboundedReceiver<HostEvent>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    id: u32,
    stop: Arc<AtomicBool>,
}

impl UpdateDesk {
    /// Nothing is read or fetched before a request asks for it. `prove` tries new models.
    pub fn new(updater: Updater, prove: Arc<dyn Prove + Send + Sync>) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            updater,
            prove,
            sender,
            receiver,
            running: None,
        }
    }

    /// Starts what is asked for, or stops it. Whatever it is, [`Self::next`] gives its one last event.
    pub fn handle(&mut self, request: HostRequest) {
        let id = id_of(&request);
        let (applies, browser_version) = match request {
            HostRequest::Cancel { id } => {
                if let Some(running) = self.running.as_ref().filter(|running| running.id == id) {
                    running.stop.store(true, Ordering::Relaxed);
                }
                return;
            }
            HostRequest::CheckUpdates {
                browser_version, ..
            } => (false, browser_version),
            HostRequest::ApplyUpdates {
                browser_version, ..
            } => (true, browser_version),
            _ => {
                return self.refuse(
                    id,
                    ErrorCode::BadRequest,
                    "This is no request for an update.",
                );
            }
        };
        if self.running.is_some() {
            return self.refuse(
                id,
                ErrorCode::Overloaded,
                "An update is under way; wait for its end.",
            );
        }
        let stop = Arc::new(AtomicBool::new(false));
        let job = Job {
            id,
            updater: self.updater.clone(),
            prove: self.prove.clone(),
            browser_version,
            stop: stop.clone(),
            sender: self.sender.clone(),
        };
        let started = thread::Builder::new()
            .name("update".to_owned())
            .spawn(move || job.run(applies));
        match started {
            Ok(_) => self.running = Some(Running { id, stop }),
            Err(_) => self.refuse(id, ErrorCode::Internal, "No thread could be started."),
        }
    }

    /// The next event. Safe to drop while it waits.
    pub async fn next(&mut self) -> HostEvent {
        match self.receiver.recv().await {
            Some(event) => {
                let is_last = !matches!(event, HostEvent::Progress { .. });
                let id = event_id(&event);
                if is_last && self.running.as_ref().map(|running| running.id) == id {
                    self.running = None;
                }
                event
            }
            // We hold a sender ourselves.
            None => std::future::pending().await,
        }
    }

    fn refuse(&self, id: u32, code: ErrorCode, message: &str) {
        let error = WireError {
            code,
            message: message.to_owned(),
            retryable: code.retryable(),
        };
        let _ = self.sender.send(HostEvent::Error { id, error });
    }
}

impl fmt::Debug for UpdateDesk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UpdateDesk")
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}

impl Drop for UpdateDesk {
    /// The browser is gone: what was fetched is kept, and nothing more is.
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.stop.store(true, Ordering::Relaxed);
        }
    }
}

fn event_id(event: &HostEvent) -> Option<u32> {
    match event {
        HostEvent::Progress { id, .. }
        | HostEvent::UpdatePlan { id, .. }
        | HostEvent::Updated { id, .. }
        | HostEvent::Error { id, .. } => Some(*id),
        _ => None,
    }
}

struct Job {
    id: u32,
    updater: Updater,
    prove: Arc<dyn Prove + Send + Sync>,
    browser_version: u32,
    stop: Arc<AtomicBool>,
    sender: mpsc::UnboundedSender<HostEvent>,
}

impl Job {
    fn run(self, applies: bool) {
        let id = self.id;
        let event = match applies {
            false => self.check().map(|plan| HostEvent::UpdatePlan { id, plan }),
            true => self
                .apply()
                .map(|outcome| HostEvent::Updated { id, outcome }),
        };
        let event = event.unwrap_or_else(|error| HostEvent::Error {
            id,
            error: WireError::new(&error),
        });
        // Nobody listens any more where the browser is gone.
        let _ = self.sender.send(event);
    }

    /// The plan, without what the browser has already.
    fn plan(&self) -> Result<Plan, UpdateError> {
        let mut names = self.updater.packs();
        if !names.iter().any(|name| name == BROWSER_MODEL) {
            names.push(BROWSER_MODEL.to_owned());
        }
        let mut plan = self.updater.check(&names)?;
        plan.packs
            .retain(|pack| !pack.is_for_browser || pack.version > self.browser_version);
        Ok(plan)
    }

    fn check(&self) -> Result<UpdatePlan, UpdateError> {
        let plan = self.plan()?;
        Ok(UpdatePlan {
            source: self.updater.source()?.describe(),
            packs: plan
                .packs
                .iter()
                .map(|pack| PlannedPack {
                    name: pack.name.clone(),
                    version: pack.version,
                    fetch_kib: kib(pack.fetch_bytes()),
                    is_for_browser: pack.is_for_browser,
                    refused: pack.refused.clone(),
                })
                .collect(),
            notes: plan.notes,
        })
    }

    fn apply(&self) -> Result<UpdateOutcome, UpdateError> {
        let mut plan = self.plan()?;
        plan.packs.retain(|pack| pack.refused.is_none());
        let outcome = self
            .updater
            .apply(&plan, &*self.prove, false, &mut |progress| {
                if let Progress::Fetched {
                    done_bytes,
                    total_bytes,
                } = progress
                {
                    let _ = self.sender.send(HostEvent::Progress {
                        id: self.id,
                        done: kib(done_bytes),
                        total: kib(total_bytes),
                    });
                }
                !self.stop.load(Ordering::Relaxed)
            })?;
        let told = |packs: Vec<(String, u32)>| {
            let packs = packs.into_iter();
            packs
                .map(|(name, version)| UpdatedPack { name, version })
                .collect()
        };
        Ok(UpdateOutcome {
            active: told(outcome.active),
            candidates: told(outcome.candidates),
        })
    }
}

fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::WorkerProof;
    use super::*;
    use crate::models::{ModelStore, StorePaths};

    fn desk(home: &std::path::Path) -> UpdateDesk {
        let store = ModelStore::open(StorePaths {
            home: home.into(),
            shipped: home.join("shipped"),
        });
        let worker = WorkerProof {
            program: "none".into(),
        };
        UpdateDesk::new(Updater::new(store), Arc::new(worker))
    }

    fn check(id: u32) -> HostRequest {
        HostRequest::CheckUpdates {
            id,
            browser_version: 2,
        }
    }

    fn code(event: &HostEvent) -> Option<(u32, ErrorCode)> {
        match event {
            HostEvent::Error { id, error } => Some((*id, error.code)),
            _ => None,
        }
    }

    #[tokio::test]
    async fn without_a_source_nothing_is_asked_and_one_is_told_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = desk(home.path());
        for id in [4, 5] {
            desk.handle(check(id));
            let event = desk.next().await;
            assert_eq!(code(&event), Some((id, ErrorCode::UpdateNotConfigured)));
        }
    }

    #[tokio::test]
    async fn one_at_a_time_and_each_ends_once() {
        let home = tempfile::tempdir().unwrap();
        let mut desk = desk(home.path());
        desk.handle(check(1));
        desk.handle(check(2));
        desk.handle(HostRequest::Cancel { id: 9 });
        let mut ends = [desk.next().await, desk.next().await].map(|event| code(&event));
        ends.sort_by_key(|end| end.map(|(id, _)| id));
        assert_eq!(ends[0].map(|(id, _)| id), Some(1));
        assert_eq!(ends[1], Some((2, ErrorCode::Overloaded)));
    }
}
