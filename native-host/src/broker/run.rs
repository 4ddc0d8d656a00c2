//! The loop between the browser and the worker.

use std::future;
use std::process::ExitStatus;
use std::time::Duration;

use sotto_core::protocol::{ErrorCode, HostEvent, HostRequest, HostStatus, WireError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::session::{Action, Session, id_of};
use super::worker_process::{WorkerCommand, WorkerProcess};
use crate::cloud::{Office, Telling};
use crate::compiled::Statement;
use crate::personal::PersonalDesk;
use crate::quarantine::Quarantine;
use crate::update::UpdateDesk;
use crate::wire::frame::{self, FrameError};
use crate::worker::{FromWorker, LoadedEngine};

/// How long a cancelled request may go on inside a driver before its worker is killed.
const CANCEL_GRACE: Duration = Duration::from_secs(5);

/// How long a worker is kept without work: it holds the model in memory.
const IDLE_LIMIT: Duration = Duration::from_secs(10 * 60);

const NO_RECORDS: &str = "The host's database cannot be opened. Nothing is sent that is not recorded, so nothing is \
    sent. Run: sotto-host doctor";

/// Messages of the browser that are read ahead.
const QUEUE: usize = 16;

/// What the broker needs of the rest of the program.
pub trait Surroundings {
    /// How the next worker is to be started; the providers in `quarantine` must not be tried.
    fn worker_command(&self, quarantine: &Quarantine) -> WorkerCommand;

    /// The worker compiled a graph: it is to be vouched for, if that is right.
    fn compiled(&self, statement: Statement);

    /// The state to tell; `loaded` is what the worker runs, if it runs anything.
    fn status(&self, loaded: Option<&LoadedEngine>) -> HostStatus;

    /// Answers `offerPack` and `readPack`.
    fn pack(&self, request: HostRequest) -> HostEvent {
        HostEvent::Error {
            id: id_of(&request),
            error: wire_error(ErrorCode::ModelMissing, "No models are kept here."),
        }
    }

    /// Who updates models; none where there are none.
    fn updates(&self) -> Option<UpdateDesk> {
        None
    }

    /// Who keeps what is personal; none where nothing can be kept.
    fn personal(&self) -> Option<PersonalDesk> {
        None
    }

    /// Who speaks with the user's endpoint; none where what is sent could not be written down, so that nothing may be.
    fn office(&self) -> Option<Office> {
        Office::closed()
    }
}

/// One connection with its worker.
#[derive(Debug)]
struct Broker<S, W> {
    surroundings: S,
    output: W,
    session: Session,
    quarantine: Quarantine,
    worker: Option<Worker>,
    office: Option<Office>,
    updates: Option<UpdateDesk>,
    personal: Option<PersonalDesk>,
}

#[derive(Debug)]
struct Worker {
    process: WorkerProcess,
    loaded: Option<LoadedEngine>,
    /// The execution provider that is being tried, and its version.
    trying: Option<(String, String)>,
    /// When to look again: a cancelled request that has not ended by then is stuck, a worker without work is unloaded.
    deadline: Instant,
    cancelling: Option<u32>,
}

/// Serves one browser until it closes its end.
///
/// # Errors
/// [`FrameError::Io`] if the browser does not take our frames any more.
pub async fn run<S: Surroundings>(
    input: impl AsyncRead + Unpin + Send + 'static,
    output: impl AsyncWrite + Unpin,
    surroundings: S,
    session: Session,
    quarantine: Quarantine,
) -> Result<(), FrameError> {
    let mut frames = read_ahead(input);
    let mut broker = Broker {
        office: surroundings.office(),
        updates: surroundings.updates(),
        personal: surroundings.personal(),
        surroundings,
        output,
        session,
        quarantine,
        worker: None,
    };
    loop {
        let due = broker.worker.as_ref().map(|worker| worker.deadline);
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => {
                    for action in broker.session.received(frame) {
                        broker.act(action).await?;
                    }
                }
                // The browser closed its end. Dropping the worker kills it.
                None => return Ok(()),
            },
            event = next_event(broker.worker.as_mut()) => match event {
                Some(event) => broker.worker_said(event).await?,
                None => broker.worker_lost().await?,
            },
            tellings = next_tellings(broker.office.as_mut()) => broker.tell(tellings).await?,
            event = next_update(broker.updates.as_mut()) => broker.updated(event).await?,
            event = next_personal(broker.personal.as_mut()) => broker.personal_said(event).await?,
            () = deadline(due) => broker.overdue().await?,
        }
        if let Some(personal) = &broker.personal {
            personal.make_way(!broker.session.is_idle());
        }
    }
}

/// Frames in a task of their own: reading one is not safe to drop half-way.
fn read_ahead(
    mut input: impl AsyncRead + Unpin + Send + 'static,
) -> mpsc::Receiver<Result<HostRequest, FrameError>> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        loop {
            let frame = match frame::read(&mut input).await {
                Ok(Some(request)) => Ok(request),
                Err(error) if error.is_of_one_frame() => Err(error),
                Ok(None) | Err(_) => return,
            };
            if sender.send(frame).await.is_err() {
                return;
            }
        }
    });
    receiver
}

async fn next_event(worker: Option<&mut Worker>) -> Option<FromWorker> {
    match worker {
        Some(worker) => worker.process.next().await,
        None => future::pending().await,
    }
}

async fn next_tellings(office: Option<&mut Office>) -> Vec<Telling> {
    match office {
        Some(office) => office.next().await,
        None => future::pending().await,
    }
}

async fn next_update(updates: Option<&mut UpdateDesk>) -> HostEvent {
    match updates {
        Some(updates) => updates.next().await,
        None => future::pending().await,
    }
}

async fn next_personal(personal: Option<&mut PersonalDesk>) -> HostEvent {
    match personal {
        Some(personal) => personal.next().await,
        None => future::pending().await,
    }
}

async fn deadline(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => future::pending().await,
    }
}

impl<S: Surroundings, W: AsyncWrite + Unpin> Broker<S, W> {
    async fn act(&mut self, action: Action) -> Result<(), FrameError> {
        match action {
            Action::Reply(event) => self.reply(&event).await,
            Action::Status { id } => {
                let event = self.status(id);
                self.reply(&event).await
            }
            Action::Pack(request) => {
                let event = self.surroundings.pack(request);
                self.reply(&event).await
            }
            Action::Update(request) => {
                if let Some(updates) = &mut self.updates {
                    updates.handle(request);
                    return Ok(());
                }
                let error = wire_error(ErrorCode::UpdateNotConfigured, "No models are kept here.");
                let event = HostEvent::Error {
                    id: id_of(&request),
                    error,
                };
                self.updated(event).await
            }
            Action::Personal(request) => {
                if let Some(personal) = &mut self.personal {
                    personal.handle(request);
                    return Ok(());
                }
                let error = wire_error(ErrorCode::Internal, "Nothing personal is kept here.");
                let id = id_of(&request);
                self.personal_said(HostEvent::Error { id, error }).await
            }
            Action::Cloud(request) => {
                let tellings = match &mut self.office {
                    Some(office) => office.handle(request),
                    None => {
                        let id = id_of(&request);
                        let error = wire_error(ErrorCode::AuditFailed, NO_RECORDS);
                        vec![Telling::Event(HostEvent::Error { id, error })]
                    }
                };
                self.tell(tellings).await
            }
            Action::Work(request) => self.work(request).await,
            Action::Cancel { id } => {
                if let Some(worker) = &mut self.worker {
                    worker.cancelling = Some(id);
                    worker.deadline = Instant::now() + CANCEL_GRACE;
                }
                self.work(HostRequest::Cancel { id }).await
            }
        }
    }

    fn status(&mut self, id: u32) -> HostEvent {
        let loaded = self
            .worker
            .as_ref()
            .and_then(|worker| worker.loaded.as_ref());
        let mut status = self.surroundings.status(loaded);
        status.cloud = self.office.as_mut().map(|office| Box::new(office.status()));
        HostEvent::Status { id, status }
    }

    async fn tell(&mut self, tellings: Vec<Telling>) -> Result<(), FrameError> {
        for telling in tellings {
            let event = match telling {
                Telling::Status(id) => self.status(id),
                Telling::Event(event) => event,
            };
            if let Some(event) = self.session.cloud_said(event) {
                self.reply(&event).await?;
            }
        }
        Ok(())
    }

    async fn updated(&mut self, event: HostEvent) -> Result<(), FrameError> {
        let Some(event) = self.session.update_said(event) else {
            return Ok(());
        };
        // The next request starts a worker with the new model. One at work ends what it does with the old one.
        if matches!(&event, HostEvent::Updated { outcome, .. } if !outcome.active.is_empty())
            && self.session.is_idle()
        {
            self.worker = None;
        }
        self.reply(&event).await
    }

    async fn personal_said(&mut self, event: HostEvent) -> Result<(), FrameError> {
        match self.session.personal_said(event) {
            Some(event) => self.reply(&event).await,
            None => Ok(()),
        }
    }

    async fn reply(&mut self, event: &HostEvent) -> Result<(), FrameError> {
        frame::write(&mut self.output, event).await
    }

    async fn work(&mut self, request: HostRequest) -> Result<(), FrameError> {
        if self.worker.is_none() {
            let command = self.surroundings.worker_command(&self.quarantine);
            match WorkerProcess::start(&command) {
                Ok(process) => {
                    self.worker = Some(Worker {
                        process,
                        loaded: None,
                        trying: None,
                        deadline: Instant::now() + IDLE_LIMIT,
                        cancelling: None,
                    });
                }
                Err(_) => {
                    let why = wire_error(
                        ErrorCode::WorkerLost,
                        "The worker process could not be started.",
                    );
                    return self.fail_all(&why).await;
                }
            }
        }
        let Some(worker) = &mut self.worker else {
            return Ok(());
        };
        match worker.process.send(&request).await {
            Ok(()) => Ok(()),
            Err(_) => self.worker_lost().await,
        }
    }

    async fn worker_said(&mut self, event: FromWorker) -> Result<(), FrameError> {
        let Some(mut worker) = self.worker.take() else {
            return Ok(());
        };
        let told = self.note(&mut worker, event);
        let is_over = |id| !self.session.is_in_flight(id);
        if told.is_some() && worker.cancelling.is_none_or(is_over) {
            worker.cancelling = None;
            worker.deadline = Instant::now() + IDLE_LIMIT;
        }
        self.worker = Some(worker);
        match told {
            Some(event) => self.reply(&event).await,
            None => Ok(()),
        }
    }

    /// Takes in what a worker said; gives what the browser is to be told of it.
    fn note(&mut self, worker: &mut Worker, event: FromWorker) -> Option<HostEvent> {
        match event {
            FromWorker::Trying { provider, version } => worker.trying = Some((provider, version)),
            FromWorker::Tried => worker.trying = None,
            FromWorker::Compiled { statement } => self.surroundings.compiled(*statement),
            FromWorker::Loaded { engine } => worker.loaded = Some(engine),
            FromWorker::Event { event } => return self.session.worker_said(event),
        }
        None
    }

    /// The deadline passed: the worker ignores a cancel, or has had nothing to do for long.
    async fn overdue(&mut self) -> Result<(), FrameError> {
        let Some(worker) = &mut self.worker else {
            return Ok(());
        };
        if worker.cancelling.is_none() && !self.session.is_idle() {
            worker.deadline = Instant::now() + IDLE_LIMIT;
            return Ok(());
        }
        self.worker_lost().await
    }

    /// Ends what is left of the worker, and everything that waited for it.
    async fn worker_lost(&mut self) -> Result<(), FrameError> {
        let Some(mut worker) = self.worker.take() else {
            return Ok(());
        };
        // What it said before its end counts: an answer that was complete, or what it was about to try.
        for event in worker.process.last_words().await {
            if let Some(event) = self.note(&mut worker, event) {
                self.reply(&event).await?;
            }
        }
        let status = worker.process.end().await;
        let mut message = format!("The worker process ended{}. Try again.", how(status));
        if let Some((provider, version)) = worker.trying {
            message = format!(
                "{provider} {version} crashed the worker process and will not be used again. Try again."
            );
            self.quarantine.add(provider, version);
        }
        self.fail_all(&wire_error(ErrorCode::WorkerLost, &message))
            .await
    }

    async fn fail_all(&mut self, why: &WireError) -> Result<(), FrameError> {
        for event in self.session.worker_lost(why) {
            self.reply(&event).await?;
        }
        Ok(())
    }
}

/// How a process ended, to go behind "ended".
fn how(status: Option<ExitStatus>) -> String {
    #[cfg(unix)]
    if let Some(signal) =
        status.and_then(|status| std::os::unix::process::ExitStatusExt::signal(&status))
    {
        return match signal {
            // abort(): how C++ ends when memory cannot be had.
            6 => " (aborted; perhaps it met its memory limit)".to_owned(),
            signal => format!(" (signal {signal})"),
        };
    }
    match status.and_then(|status| status.code()) {
        Some(code) => format!(" (code {code})"),
        None => String::new(),
    }
}

fn wire_error(code: ErrorCode, message: &str) -> WireError {
    WireError {
        code,
        message: message.to_owned(),
        retryable: code.retryable(),
    }
}
