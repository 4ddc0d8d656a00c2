//! What is personal, on request of the extension. Keyrings, disks and training take their time, so two threads of their own do
//! the work: one task after the other, and beside them at most one training, **which stops for as long as something else is
//! asked of the host**.

use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc as std_mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sotto_core::protocol::{
    ErrorCode, HostEvent, HostRequest, PersonalAnswer, PersonalTask, TrainingOutcome, WireError,
};
use tokio::sync::mpsc;

use super::training::{ChildCommand, Report, base_of};
use super::{
    DataKey, Imported, KeyHome, Keyring, Learned, Lesson, MAX_MIB, OpenedFile, PassphraseFile,
    Personal, PersonalError, Vault, now_s, state,
};
use crate::broker::id_of;
use crate::store::Store;
use files::Files;

/// How long a training that waits says nothing: the extension takes a host that is silent for minutes for dead.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);

/// Takes requests, and gives the events that answer them.
pub struct PersonalDesk {
    parts: Parts,
    events: mpsc::UnboundedReceiver<HostEvent>,
    jobs: Option<std_mpsc::Sender<Job>>,
    training: Option<Training>,
}

/// What the thread for tasks gets.
enum Job {
    Task(u32, PersonalTask),
    /// A training that was told to stop: what is asked next is to see what it left.
    Await(JoinHandle<()>),
}

/// A training under way.
struct Training {
    id: u32,
    gate: Arc<Gate>,
    /// `None` once somebody waits for it.
    thread: Option<JoinHandle<()>>,
}

/// What the threads share.
#[derive(Clone)]
struct Parts {
    home: PathBuf,
    trainer: ChildCommand,
    /// The packs that imported adapters may be for.
    bases: Vec<PathBuf>,
    sender: mpsc::UnboundedSender<HostEvent>,
    /// The key, where it is in a file and the user opened it.
    key: Arc<Mutex<Option<DataKey>>>,
    /// Files on their way out or in, sealed.
    files: Arc<Mutex<Files>>,
}

impl PersonalDesk {
    /// Nothing is read before a request asks for it. `home`: where the database is; `trainer`: the process that
    /// trains; `bases`: the packs that imported adapters may be for.
    pub fn new(home: PathBuf, trainer: ChildCommand, bases: Vec<PathBuf>) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        Self {
            parts: Parts {
                home,
                trainer,
                bases,
                sender,
                key: Arc::default(),
                files: Arc::default(),
            },
            events,
            jobs: None,
            training: None,
        }
    }

    /// Starts what is asked for, or stops it. Whatever it is, [`Self::next`] gives its one last event.
    pub fn handle(&mut self, request: HostRequest) {
        let id = id_of(&request);
        match request {
            HostRequest::Cancel { id } => {
                let training = self.training.as_mut().filter(|training| training.id == id);
                if let Some(training) = training {
                    training.gate.set(Pass::Stop);
                    if let Some(thread) = training.thread.take() {
                        let _ = self.jobs().send(Job::Await(thread));
                    }
                }
            }
            HostRequest::Personal {
                task:
                    PersonalTask::Train {
                        name,
                        site,
                        epsilon,
                        browser_version,
                    },
                ..
            } => self.train(
                id,
                browser_version,
                Lesson {
                    name,
                    site,
                    epsilon: epsilon.map(f64::from),
                },
            ),
            HostRequest::Personal { task, .. } => self.queue(id, task),
            _ => self.parts.refuse(
                id,
                ErrorCode::BadRequest,
                "This is no request about what is personal.",
            ),
        }
    }

    /// The next event. Safe to drop while it waits.
    pub async fn next(&mut self) -> HostEvent {
        match self.events.recv().await {
            Some(event) => {
                let is_last = !matches!(event, HostEvent::Progress { .. });
                let training = self.training.as_ref().map(|training| training.id);
                if is_last && training.is_some() && training == event_id(&event) {
                    self.training = None;
                }
                event
            }
            // We hold a sender ourselves.
            None => std::future::pending().await,
        }
    }

    /// Holds a training up while the host has other work, and lets it go on afterwards.
    pub fn make_way(&self, is_busy: bool) {
        if let Some(Training { gate, .. }) = &self.training {
            gate.set(if is_busy { Pass::Wait } else { Pass::Go });
        }
    }

    fn queue(&mut self, id: u32, task: PersonalTask) {
        if self.jobs().send(Job::Task(id, task)).is_err() {
            self.jobs = None;
            self.parts
                .refuse(id, ErrorCode::Internal, "No thread could be started.");
        }
    }

    /// The way to the thread for tasks, which is started the first time.
    fn jobs(&mut self) -> &std_mpsc::Sender<Job> {
        self.jobs.get_or_insert_with(|| {
            let (sender, receiver) = std_mpsc::channel();
            let parts = self.parts.clone();
            // Where no thread can be had the channel is closed, and whoever sends sees that.
            let _ = thread::Builder::new()
                .name("personal".to_owned())
                .spawn(move || {
                    while let Ok(job) = receiver.recv() {
                        match job {
                            Job::Task(id, task) => parts.tell(id, parts.answer(task)),
                            // If it panicked, it left what there was.
                            Job::Await(thread) => drop(thread.join()),
                        }
                    }
                });
            sender
        })
    }

    fn train(&mut self, id: u32, browser_version: Option<u32>, lesson: Lesson) {
        if self.training.is_some() {
            return self.parts.refuse(
                id,
                ErrorCode::Overloaded,
                "A training is under way; wait for its end, or stop it.",
            );
        }
        let gate = Arc::new(Gate::default());
        let (parts, own_gate) = (self.parts.clone(), gate.clone());
        let started = thread::Builder::new()
            .name("training".to_owned())
            .spawn(move || {
                parts.tell(id, parts.learn(id, browser_version, &lesson, &own_gate));
            });
        match started {
            Ok(thread) => {
                self.training = Some(Training {
                    id,
                    gate,
                    thread: Some(thread),
                });
            }
            Err(_) => self
                .parts
                .refuse(id, ErrorCode::Internal, "No thread could be started."),
        }
    }
}

impl fmt::Debug for PersonalDesk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PersonalDesk(..)")
    }
}

impl Drop for PersonalDesk {
    /// The browser is gone: what was trained so far is kept for another time.
    fn drop(&mut self) {
        if let Some(Training { gate, .. }) = &self.training {
            gate.set(Pass::Stop);
        }
    }
}

impl Parts {
    fn answer(&self, task: PersonalTask) -> Result<PersonalAnswer, WireError> {
        match task {
            PersonalTask::Unlock { passphrase } => self.unlock(passphrase.0),
            PersonalTask::Export { what, passphrase } => {
                let file =
                    self.with(|personal| personal.export(&what, passphrase.0).map_err(wire))?;
                self.files().send(file).map_err(wire)
            }
            PersonalTask::ReadExport { index } => self.files().read(index).map_err(wire),
            PersonalTask::PutImport { chunk, chunks } => {
                self.files().put(&chunk, chunks).map_err(wire)
            }
            PersonalTask::Import { name, passphrase } => self.import(&name, passphrase.0),
            task => self.with(|personal| done(personal, task).map_err(wire)),
        }
    }

    /// Opens the file with the key, until the host ends.
    fn unlock(&self, passphrase: String) -> Result<PersonalAnswer, WireError> {
        let store = Store::open(&self.home).map_err(|error| wire(error.into()))?;
        let state = state(&store).map_err(wire)?;
        let state = state.ok_or_else(|| wire(PersonalError::Off))?;
        let opened = PassphraseFile::new(&self.home, passphrase).get(state.key_id);
        *self.key() = Some(opened.map_err(|error| wire(error.into()))?);
        self.answer(PersonalTask::Status)
    }

    fn import(&self, name: &str, passphrase: String) -> Result<PersonalAnswer, WireError> {
        let mut files = self.files();
        let file = files.whole().map_err(wire)?;
        let bases: Vec<_> = self
            .bases
            .iter()
            .filter_map(|pack| Some(base_of(pack)?.1))
            .collect();
        let imported = self.with(|personal| {
            let imported = personal.import(file, passphrase, name, &bases, now_s());
            imported.map_err(wire)
        })?;
        files.forget();
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(match imported {
            Imported::Adapter => PersonalAnswer::Imported {
                is_adapter: true,
                texts: 0,
                left_out: 0,
            },
            Imported::Texts { kept, left_out } => PersonalAnswer::Imported {
                is_adapter: false,
                texts: small(kept),
                left_out: small(left_out),
            },
        })
    }

    /// The process that trains for the model that the browser uses.
    fn trainer(&self, browser_version: Option<u32>) -> Result<ChildCommand, WireError> {
        let Some(version) = browser_version else {
            return Ok(self.trainer.clone());
        };
        let is_it = |pack: &&PathBuf| base_of(pack).is_some_and(|(found, _)| found == version);
        match self.bases.iter().find(is_it) {
            Some(pack) => Ok(self.trainer.clone().for_pack(pack)),
            None => Err(wire(PersonalError::NoBase { version })),
        }
    }

    fn learn(
        &self,
        id: u32,
        browser_version: Option<u32>,
        lesson: &Lesson,
        gate: &Gate,
    ) -> Result<PersonalAnswer, WireError> {
        let trainer = self.trainer(browser_version)?;
        let go_on = |Report { step, steps }| {
            let small = |count| u32::try_from(count).unwrap_or(u32::MAX);
            loop {
                // Nobody listens any more where the browser is gone.
                let _ = self.sender.send(HostEvent::Progress {
                    id,
                    done: small(step),
                    total: small(steps),
                });
                if let Some(passes) = gate.passes(SIGN_OF_LIFE) {
                    return passes;
                }
            }
        };
        let learned = self.with(|personal| {
            let learned = personal.learn(lesson, &trainer, now_s, go_on);
            learned.map_err(wire)
        })?;
        match learned {
            Learned::Unfinished => Err(wire_error(
                ErrorCode::Cancelled,
                "The training stopped. The next one of that name goes on from there.",
            )),
            Learned::Done {
                is_used,
                before,
                after,
                epsilon,
            } => Ok(PersonalAnswer::Trained {
                outcome: TrainingOutcome {
                    is_used,
                    before: before as f32,
                    after: after as f32,
                    epsilon: epsilon.map(|epsilon| epsilon as f32),
                },
            }),
        }
    }

    /// Works with a connection of its own, and with the key from where it is.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut Personal<'_>) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        let mut store = Store::open(&self.home).map_err(|error| wire(error.into()))?;
        let home = state(&store).map_err(wire)?.map(|state| state.key_home);
        let vault: Box<dyn Vault> = match home {
            Some(KeyHome::File) => Box::new(OpenedFile::new(&self.home, self.key().clone())),
            Some(KeyHome::Keyring) | None => Box::new(Keyring),
        };
        work(&mut Personal::new(&mut store, &*vault))
    }

    fn key(&self) -> MutexGuard<'_, Option<DataKey>> {
        // Whoever panicked with it wrote nothing half.
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        // The sums of the chunks say whether something is missing.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, id: u32, answer: Result<PersonalAnswer, WireError>) {
        let event = match answer {
            Ok(answer) => HostEvent::Personal { id, answer },
            Err(error) => HostEvent::Error { id, error },
        };
        // Nobody listens any more where the browser is gone.
        let _ = self.sender.send(event);
    }

    fn refuse(&self, id: u32, code: ErrorCode, message: &str) {
        self.tell(id, Err(wire_error(code, message)));
    }
}

/// Does a task that needs no thread of its own.
fn done(personal: &mut Personal<'_>, task: PersonalTask) -> Result<PersonalAnswer, PersonalError> {
    match task {
        PersonalTask::Status => {}
        PersonalTask::SwitchOn => {
            let home = state(personal.store)?.map(|state| state.key_home);
            personal.switch_on(home.unwrap_or(KeyHome::Keyring))?;
        }
        PersonalTask::SwitchOff => personal.switch_off()?,
        PersonalTask::SetSite { site, is_named } => personal.set_site(&site, is_named)?,
        PersonalTask::SetLimits { days, mib } => {
            if days == 0 || !(1..=MAX_MIB).contains(&mib) {
                return Err(PersonalError::Input(
                    "Texts are kept for at least a day, and up to 16 MiB of them.",
                ));
            }
            personal.set_limits(days, mib << 20, now_s())?;
        }
        PersonalTask::Keep { site, text } => {
            let number = personal.keep(&site, &text, now_s())?;
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            return Ok(PersonalAnswer::Kept { number });
        }
        PersonalTask::Texts { query, before } => return personal.page(&query, before),
        PersonalTask::EraseText { number } => personal.erase_text(number.into())?,
        PersonalTask::EraseAll => personal.erase_everything()?,
        PersonalTask::EraseAdapter { name } => personal.erase_adapter(&name)?,
        PersonalTask::ReadAdapter { name, index } => return personal.adapter_chunk(&name, index),
        PersonalTask::Unlock { .. }
        | PersonalTask::Train { .. }
        | PersonalTask::Export { .. }
        | PersonalTask::ReadExport { .. }
        | PersonalTask::PutImport { .. }
        | PersonalTask::Import { .. } => {
            return Err(PersonalError::Input("This is done in another place."));
        }
    }
    let status = personal.status()?;
    Ok(PersonalAnswer::Status { status })
}

/// Whether a training goes on.
#[derive(Debug, Default)]
struct Gate {
    pass: Mutex<Pass>,
    changed: Condvar,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Pass {
    #[default]
    Go,
    Wait,
    /// For good.
    Stop,
}

impl Gate {
    fn set(&self, pass: Pass) {
        let mut current = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        if *current != Pass::Stop {
            *current = pass;
            self.changed.notify_all();
        }
    }

    /// Waits while it must, for at most so long; false for stop, `None` where it must still wait.
    fn passes(&self, most: Duration) -> Option<bool> {
        let current = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        let (waited, _) = self
            .changed
            .wait_timeout_while(current, most, |pass| *pass == Pass::Wait)
            .unwrap_or_else(PoisonError::into_inner);
        (*waited != Pass::Wait).then_some(*waited == Pass::Go)
    }
}

fn event_id(event: &HostEvent) -> Option<u32> {
    match event {
        HostEvent::Personal { id, .. } | HostEvent::Error { id, .. } => Some(*id),
        _ => None,
    }
}

fn wire(error: PersonalError) -> WireError {
    WireError::new(&error)
}

fn wire_error(code: ErrorCode, message: &str) -> WireError {
    WireError {
        code,
        message: message.to_owned(),
        retryable: code.retryable(),
    }
}

mod files;

#[cfg(test)]
mod tests;
