//! Loading the model in use and asking it something: the same program, started as a browser starts it, over the same wire.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use sotto_core::protocol::{
    AnswerInfo, ChatMessage, ChatRole, HostEvent, HostRequest, HostStatus, PROTOCOL_VERSION,
};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::{Finding, Report};
use crate::extension::CHROMIUM_ID;
use crate::wire::frame::{self, FrameError};

/// What to look into when it fails.
const AREA: &str = "answer";

/// Longer than any device compiles.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What is asked; nobody reads the answer.
const QUESTION: &str = "What is a harbour?";

/// Loads the model and says on which device it runs, why there, on which provider its operators run, and how fast.
/// Takes as long as the first request of a browser. `program`: the host.
pub fn try_model(program: &Path) -> Vec<Finding> {
    let mut report = Report::default();
    match asked(program) {
        Ok(outcome) => outcome.tell(&mut report),
        Err(why) => report.broken(
            AREA,
            format!("the host gave no answer: {why}"),
            "look at the other findings; if they are fine, please report this",
        ),
    }
    report.findings
}

/// Why there was none.
#[derive(Debug, thiserror::Error)]
enum Silence {
    #[error("it cannot be started ({0})")]
    Start(#[from] std::io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("it ended in the middle")]
    Ended,
    #[error("it took longer than {} minutes", PATIENCE.as_secs() / 60)]
    Late,
    /// The host's own words.
    #[error("{0}")]
    Refused(String),
}

/// What came of it.
struct Outcome {
    /// From the request to the first word, loading included.
    waited: Duration,
    answer: AnswerInfo,
    status: HostStatus,
}

impl Outcome {
    fn tell(self, report: &mut Report) {
        let AnswerInfo { engine, timing, .. } = self.answer;
        let speed = if timing.tokens_per_s > 0.0 {
            format!(", then {:.0} tokens a second", timing.tokens_per_s)
        } else {
            String::new()
        };
        report.good(
            AREA,
            format!(
                "{} answers on {}: loaded and at the first word after {:.1} s{speed}",
                engine.model,
                engine.device,
                self.waited.as_secs_f64()
            ),
        );
        report.note(AREA, engine.reason);
        report.note(AREA, format!("the worker: {}", self.status.sandbox));
    }
}

fn asked(program: &Path) -> Result<Outcome, Silence> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let conversation = async { Connection::start(program)?.ask().await };
        timeout(PATIENCE, conversation)
            .await
            .unwrap_or(Err(Silence::Late))
    })
}

/// The host, seen from where a browser would be. It ends when this is dropped.
struct Connection {
    _child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Connection {
    fn start(program: &Path) -> Result<Self, Silence> {
        let mut child = Command::new(program)
            .arg(format!("chrome-extension://{CHROMIUM_ID}/"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self {
                _child: child,
                input,
                output,
            }),
            _ => Err(Silence::Ended),
        }
    }

    async fn ask(mut self) -> Result<Outcome, Silence> {
        let hello = HostRequest::Hello {
            id: 1,
            protocol: PROTOCOL_VERSION,
            client: "doctor".to_owned(),
        };
        frame::write(&mut self.input, &hello).await?;
        while !matches!(self.next().await?, HostEvent::Welcome { .. }) {}
        let message = ChatMessage {
            role: ChatRole::User,
            text: QUESTION.to_owned(),
        };
        let chat = HostRequest::Chat {
            id: 2,
            messages: vec![message],
            page: None,
        };
        frame::write(&mut self.input, &chat).await?;
        let start = Instant::now();
        let mut waited = None;
        let answer = loop {
            let event = self.next().await?;
            waited.get_or_insert(start.elapsed());
            if let HostEvent::Done { answer, .. } = event {
                break answer;
            }
        };
        frame::write(&mut self.input, &HostRequest::Status { id: 3 }).await?;
        loop {
            if let HostEvent::Status { status, .. } = self.next().await? {
                return Ok(Outcome {
                    waited: waited.unwrap_or_default(),
                    answer,
                    status,
                });
            }
        }
    }

    async fn next(&mut self) -> Result<HostEvent, Silence> {
        match frame::read(&mut self.output).await? {
            Some(HostEvent::Error { error, .. }) => Err(Silence::Refused(error.message)),
            Some(event) => Ok(event),
            None => Err(Silence::Ended),
        }
    }
}
