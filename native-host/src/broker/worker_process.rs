//! One worker process and the pipe to it.

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use sotto_core::protocol::HostRequest;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::huge_pages::large_pages;
use crate::wire::frame;
use crate::worker::FromWorker;

/// Events that may wait here before the worker has to wait.
const QUEUE: usize = 64;

/// How long to wait for what a dead worker wrote.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How a worker is started.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    /// The executable; the host itself, except in tests.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// A running worker. It is killed when this is dropped.
#[derive(Debug)]
pub struct WorkerProcess {
    child: Child,
    stdin: ChildStdin,
    events: mpsc::Receiver<FromWorker>,
}

impl WorkerProcess {
    /// Starts a worker.
    ///
    /// # Errors
    /// The operating system's.
    pub fn start(command: &WorkerCommand) -> io::Result<Self> {
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            // ONNX Runtime 1.29 and later upload usage data unless told not to. We pin an older one; this is the belt.
            .env("ORT_DISABLE_TELEMETRY", "1")
            .envs(large_pages())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the worker has no pipes"));
        };
        let (sender, events) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            // A frame that is none ends the reading: what comes behind it cannot be trusted, and the worker is replaced.
            while let Ok(Some(event)) = frame::read_strictly::<FromWorker>(&mut stdout).await {
                if sender.send(event).await.is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            stdin,
            events,
        })
    }

    /// Gives it a request.
    ///
    /// # Errors
    /// [`frame::FrameError`]; the worker is then of no use any more.
    pub async fn send(&mut self, request: &HostRequest) -> Result<(), frame::FrameError> {
        frame::write(&mut self.stdin, request).await
    }

    /// The next event; `None` once the worker is gone or does not speak our frames. Safe to drop while it waits.
    pub async fn next(&mut self) -> Option<FromWorker> {
        self.events.recv().await
    }

    /// Kills it if it still runs, and gives the events that nobody has taken yet.
    pub async fn last_words(&mut self) -> Vec<FromWorker> {
        // Fails only if it ended by itself.
        let _ = self.child.start_kill();
        let mut events = Vec::new();
        // Its end of the pipe is closed now, unless somebody inherited it.
        while let Ok(Some(event)) = timeout(LAST_WORDS, self.events.recv()).await {
            events.push(event);
        }
        events
    }

    /// Kills it if it still runs, and says how it ended.
    pub async fn end(mut self) -> Option<ExitStatus> {
        // Fails only if it ended by itself, in which case its own status is the one to report.
        let _ = self.child.start_kill();
        self.child.wait().await.ok()
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }
}
