//! The worker's life: confine itself, load the model when first asked, answer one request after the other.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use sotto_core::assist::{Answer, Env, Step, summarize_extractively};
use sotto_core::autocomplete::Pacer;
use sotto_core::pack::PublicKey;
use sotto_core::protocol::{
    AnswerEngine, AnswerInfo, ErrorCode, HostEvent, HostRequest, SummaryLength, Tier, WireError,
};

use super::cancel::Cancelled;
use super::gauge::Gauge;
use super::model::{Model, Started};
use super::output::Output;
use super::{FromWorker, LoadedEngine};
use crate::block_on::block_on;
use crate::broker::id_of;
use crate::compiled;
use crate::models::{StorePaths, UpdatePaths};
use crate::providers::{Provider, list_path, read_list};
use crate::quarantine::Quarantine;
use crate::sandbox::{Access, confine};
use crate::wire::frame;

/// What a worker is started with.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Folder of the program: ONNX Runtime and the shipped models.
    pub program: PathBuf,
    /// Folder of the user's models and settings.
    pub home: PathBuf,
    /// Public half of the key that vouches for imported models. The worker cannot read the other half.
    pub device_key: Option<PublicKey>,
    /// Ceiling on the address space.
    pub memory_limit_bytes: u64,
    /// Providers that must not be tried.
    pub quarantine: Quarantine,
}

impl WorkerSettings {
    /// Where the models lie.
    pub(crate) fn paths(&self) -> StorePaths {
        StorePaths {
            home: self.home.clone(),
            shipped: self.program.join("models"),
        }
    }

    pub(super) fn access(&self) -> Access {
        let paths = self.paths();
        let mut read = vec![
            self.program.clone(),
            paths.models(),
            paths.settings(),
            UpdatePaths::new(&self.home).installed(),
            list_path(&self.home),
        ];
        // A list that cannot be read is reported when the model is loaded.
        let providers = read_list(&self.home).unwrap_or_default();
        read.extend(providers.iter().flat_map(Provider::folders));
        Access {
            read,
            write: vec![compiled::folder(&self.home)],
        }
    }
}

/// What outlives a request.
#[derive(Default)]
struct State {
    started: Option<Started>,
    model: Option<Model>,
}

/// Serves the broker at the other end of standard input and `output` until it closes its end.
///
/// # Errors
/// The operating system's, while starting.
pub fn serve(settings: &WorkerSettings, output: File) -> io::Result<()> {
    // A rule for a folder that is not there would be no rule.
    let _ = fs::create_dir_all(compiled::folder(&settings.home));
    let mut gauge = Gauge::open();
    let confinement = confine(&settings.access(), settings.memory_limit_bytes);
    let sandbox = confinement.summary();
    let mut output = Output::new(output);
    let cancelled = Cancelled::default();
    let requests = read_ahead(cancelled.clone())?;
    let mut state = State::default();
    for request in requests {
        let id = id_of(&request);
        if cancelled.contains(id) {
            output.error(id, error(ErrorCode::Cancelled, "The answer was cancelled."));
        } else {
            let mut env = WorkerEnv {
                id,
                start: Instant::now(),
                output: &mut output,
                cancelled: &cancelled,
            };
            let event = match answer(&request, settings, &sandbox, &mut state, &mut env) {
                Ok(mut answer) => {
                    answer.memory_mib = gauge.peak_mib();
                    HostEvent::Done { id, answer }
                }
                Err(error) => HostEvent::Error { id, error },
            };
            output.event(event);
        }
        cancelled.forget(id);
    }
    Ok(())
}

/// Reads requests on a thread of its own, so that a cancel is heard while the model computes. When the broker is gone, so
/// is this process, whatever a driver is doing.
fn read_ahead(cancelled: Cancelled) -> io::Result<mpsc::Receiver<HostRequest>> {
    let (sender, receiver) = mpsc::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    thread::Builder::new()
        .name("requests".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                let mut input = tokio::io::stdin();
                while let Ok(Some(request)) = frame::read(&mut input).await {
                    match request {
                        HostRequest::Cancel { id } => cancelled.add(id),
                        request => {
                            // The receiver lives as long as the process.
                            let _ = sender.send(request);
                        }
                    }
                }
            });
            std::process::exit(0);
        })?;
    Ok(receiver)
}

fn answer(
    request: &HostRequest,
    settings: &WorkerSettings,
    sandbox: &str,
    State { started, model }: &mut State,
    env: &mut WorkerEnv<'_>,
) -> Result<AnswerInfo, WireError> {
    let loaded = match model {
        Some(model) => Ok(model),
        None => Model::load(settings, started, |note| env.output.send(&note)).map(|mut loaded| {
            sandbox.clone_into(&mut loaded.description.sandbox);
            env.output.send(&FromWorker::Loaded {
                engine: loaded.description.clone(),
            });
            model.insert(loaded)
        }),
    };
    match (request, loaded) {
        (HostRequest::Summarize { text, length, .. }, Ok(model)) => {
            let answer = block_on(model.summarize(text, *length, seed(env.id), env))?;
            Ok(info(answer, &model.description))
        }
        (HostRequest::Summarize { text, length, .. }, Err(error)) => {
            Ok(without_model(text, *length, &error, env))
        }
        (HostRequest::Chat { messages, page, .. }, Ok(model)) => {
            let answer = block_on(model.chat(messages, page.as_ref(), seed(env.id), env))?;
            Ok(info(answer, &model.description))
        }
        (HostRequest::Chat { .. }, Err(error)) => Err(error),
        (
            HostRequest::Hello { .. }
            | HostRequest::Status { .. }
            | HostRequest::Escalate { .. }
            | HostRequest::Consent { .. }
            | HostRequest::Revoke { .. }
            | HostRequest::UnlockKey { .. }
            | HostRequest::ListAudit { .. }
            | HostRequest::VerifyAudit { .. }
            | HostRequest::OfferPack { .. }
            | HostRequest::Personal { .. }
            | HostRequest::ReadPack { .. }
            | HostRequest::CheckUpdates { .. }
            | HostRequest::ApplyUpdates { .. }
            | HostRequest::DeleteEverything { .. }
            | HostRequest::Cancel { .. },
            _,
        ) => Err(error_of_broker()),
    }
}

/// A summary does not need a model; the reason why there is none is told with it.
fn without_model(
    text: &str,
    length: SummaryLength,
    error: &WireError,
    env: &mut WorkerEnv<'_>,
) -> AnswerInfo {
    let answer = summarize_extractively(text, length, env);
    let engine = LoadedEngine {
        reason: error.message.clone(),
        device: "CPU".to_owned(),
        ..LoadedEngine::default()
    };
    info(answer, &engine)
}

fn info(answer: Answer, engine: &LoadedEngine) -> AnswerInfo {
    answer.info(AnswerEngine {
        tier: Tier::Host,
        model: engine.model.clone(),
        device: engine.device.clone(),
        reason: engine.reason.clone(),
    })
}

/// Asking again ("retry") is a request with another id, and may bring another answer.
fn seed(id: u32) -> u64 {
    u64::from(id)
}

fn error_of_broker() -> WireError {
    error(
        ErrorCode::Internal,
        "The worker was asked what only the broker answers.",
    )
}

fn error(code: ErrorCode, message: &str) -> WireError {
    WireError {
        code,
        message: message.to_owned(),
        retryable: code.retryable(),
    }
}

/// One request's view of the world.
struct WorkerEnv<'a> {
    id: u32,
    start: Instant,
    output: &'a mut Output,
    cancelled: &'a Cancelled,
}

impl Pacer for WorkerEnv<'_> {
    async fn pause(&mut self) -> bool {
        !self.cancelled.contains(self.id)
    }
}

impl Env for WorkerEnv<'_> {
    fn now_ms(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1e3
    }

    fn emit(&mut self, step: Step<'_>) {
        let id = self.id;
        self.output.event(match step {
            Step::Progress { done, total } => HostEvent::Progress { id, done, total },
            Step::Delta(text) => HostEvent::Delta {
                id,
                text: text.to_owned(),
            },
        });
    }
}
