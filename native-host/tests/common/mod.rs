//! The real host in a real process: the program, ONNX Runtime and the model that ships, laid out as they are installed.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

pub(crate) mod pack;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use sotto_core::pack::{Graph, GraphDevice, GraphShape, KnownAnswer, Precision};
use sotto_core::protocol::*;
use sotto_host::engine::library_path;
use sotto_host::extension::CHROMIUM_ID;
use sotto_host::models::SHIPPED_MODEL;
use tempfile::TempDir;

/// Longer than anything takes, the emulator of an NPU on a busy machine included; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(600);

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Folder with ONNX Runtime, where `scripts/setup` put it; `None`, with a word about it, where it is not.
pub(crate) fn onnx_runtime() -> Option<PathBuf> {
    let folder = root().join(".cache/onnxruntime");
    let is_there = library_path(&folder).is_file();
    if !is_there {
        eprintln!("skipped: no ONNX Runtime in .cache/onnxruntime (scripts/setup puts it there)");
    }
    is_there.then_some(folder)
}

/// An installed host, and its data directory.
pub(crate) struct Installation {
    folder: TempDir,
}

impl Installation {
    /// With everything; `None` where ONNX Runtime is not there.
    pub(crate) fn complete() -> Option<Self> {
        let library = library_path(&onnx_runtime()?);
        let this = Self::without_runtime();
        let target = library_path(&this.program_folder());
        fs::hard_link(&library, &target)
            .or_else(|_| fs::copy(&library, &target).map(|_| ()))
            .expect("ONNX Runtime can be put beside the program");
        Some(this)
    }

    /// Without ONNX Runtime.
    pub(crate) fn without_runtime() -> Self {
        let this = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        let program = this.program();
        let models = this.program_folder().join("models");
        fs::create_dir_all(this.home()).expect("a folder");
        fs::create_dir_all(&models).expect("a folder");
        let built = env!("CARGO_BIN_EXE_sotto-host");
        fs::hard_link(built, &program)
            .or_else(|_| fs::copy(built, &program).map(|_| ()))
            .expect("the program can be put there");
        copy_folder(
            &root().join("models/packs").join(SHIPPED_MODEL),
            &models.join(SHIPPED_MODEL),
        )
        .expect("the shipped model");
        this
    }

    /// Puts the fixtures' model in the place of the one that ships: three hundred times smaller, and of the same operators.
    pub(crate) fn use_tiny_model(&self) {
        let from = root().join("tests/fixtures/onnx/ours");
        let graph = |name: &str, shape, device, tokens| {
            let graph = Graph {
                name: name.into(),
                shape,
                precision: Precision::Int8,
                tokens,
                device,
                data: vec!["int8.data".into()],
            };
            (from.join(name), graph)
        };
        let graphs = [
            graph("cpu-int8.onnx", GraphShape::Gqa, GraphDevice::Cpu, 0),
            graph("npu-prefill.onnx", GraphShape::Static, GraphDevice::Npu, 32),
            graph("npu-step.onnx", GraphShape::Static, GraphDevice::Npu, 1),
        ];
        let json = fs::read(from.join("golden.json")).expect("golden answers");
        let golden: serde_json::Value = serde_json::from_slice(&json).expect("golden answers");
        let ids = |value: &serde_json::Value| {
            serde_json::from_value::<Vec<u32>>(value.clone()).expect("token ids")
        };
        let answer = KnownAnswer {
            prompt_ids: ids(&golden["prompt_ids"]),
            greedy_ids: ids(&golden["graphs"]["cpu-int8.onnx"]["greedy_ids"]),
        };
        let target = self.program_folder().join("models").join(SHIPPED_MODEL);
        fs::remove_dir_all(&target).expect("the shipped model");
        let mut pack = pack::Pack::new(&target, &from.join("config.json"), &graphs, answer);
        pack.manifest.name = SHIPPED_MODEL.into();
        pack.manifest.context_tokens = 104;
        pack.sign();
    }

    pub(crate) fn program_folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn program(&self) -> PathBuf {
        self.folder.path().join("sotto-host")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Runs a command of it, which must succeed.
    pub(crate) fn command(&self, arguments: &[&str]) {
        let output = Command::new(self.program())
            .args(arguments)
            .env("SOTTO_HOME", self.home())
            .stdin(Stdio::null())
            .output()
            .expect("it starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Starts it as Chromium does.
    pub(crate) fn start(&self) -> Host {
        self.start_as(&format!("chrome-extension://{CHROMIUM_ID}/"))
    }

    /// Starts it for this caller.
    pub(crate) fn start_as(&self, origin: &str) -> Host {
        let mut child = Command::new(self.program())
            .arg(origin)
            .env("SOTTO_HOME", self.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the host starts");
        let stdin = child.stdin.take();
        let events = read_events(child.stdout.take().expect("a pipe"));
        Host {
            child,
            stdin,
            events,
        }
    }

    /// Starts it and says hello.
    pub(crate) fn connect(&self) -> Host {
        let mut host = self.start();
        host.send(&HostRequest::Hello {
            id: 1,
            protocol: PROTOCOL_VERSION,
            client: "test".into(),
        });
        match host.next() {
            HostEvent::Welcome { id: 1, .. } => host,
            other => panic!("no welcome: {other:?}"),
        }
    }
}

/// A running host, seen from the browser.
pub(crate) struct Host {
    child: Child,
    stdin: Option<ChildStdin>,
    events: Receiver<HostEvent>,
}

impl Host {
    pub(crate) fn send(&mut self, request: &HostRequest) {
        self.send_bytes(&serde_json::to_vec(request).expect("JSON"));
    }

    /// Sends a frame that may hold anything.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        let mut frame = u32::try_from(bytes.len())
            .expect("short")
            .to_ne_bytes()
            .to_vec();
        frame.extend_from_slice(bytes);
        let stdin = self.stdin.as_mut().expect("still connected");
        stdin.write_all(&frame).expect("the host reads");
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> HostEvent {
        self.events.recv_timeout(PATIENCE).expect("an event")
    }

    /// The text of a request's answer and how it ended. Events of other requests are lost.
    pub(crate) fn answer(&mut self, wanted: u32) -> (String, Result<AnswerInfo, WireError>) {
        let mut text = String::new();
        loop {
            match self.next() {
                HostEvent::Delta { id, text: more } if id == wanted => text += &more,
                HostEvent::Done { id, answer } if id == wanted => return (text, Ok(answer)),
                HostEvent::Error { id, error } if id == wanted => return (text, Err(error)),
                _ => {}
            }
        }
    }

    /// Waits for the first piece of an answer.
    pub(crate) fn first_delta(&mut self, wanted: u32) {
        loop {
            match self.next() {
                HostEvent::Delta { id, .. } if id == wanted => return,
                HostEvent::Done { .. } | HostEvent::Error { .. } => panic!("over before it began"),
                _ => {}
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The worker, while there is one.
    pub(crate) fn worker(&self) -> Option<u32> {
        let id = self.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }

    /// Closes the connection, as a browser that quits.
    pub(crate) fn hang_up(&mut self) {
        self.stdin = None;
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ran");
    }

    /// Waits for its end and says whether it was a good one.
    pub(crate) fn ended_well(&mut self) -> bool {
        let mut status = None;
        wait_until("the host's end", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        status.is_some_and(|status| status.success())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills a process as nobody can refuse.
pub(crate) fn kill(id: u32) {
    let status = Command::new("kill").args(["-9", &id.to_string()]).status();
    assert!(status.expect("kill is there").success());
}

pub(crate) fn is_running(id: u32) -> bool {
    // A zombie is one that nobody has waited for yet; it runs no more.
    fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .starts_with('Z')
    })
}

/// Waits for a condition that nothing announces.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::yield_now();
    }
}

pub(crate) fn chat(id: u32, text: &str) -> HostRequest {
    let message = ChatMessage {
        role: ChatRole::User,
        text: text.into(),
    };
    HostRequest::Chat {
        id,
        messages: vec![message],
        page: None,
    }
}

pub(crate) fn summarize(id: u32, text: &str) -> HostRequest {
    HostRequest::Summarize {
        id,
        text: text.into(),
        length: SummaryLength::Short,
    }
}

fn read_events(mut stdout: impl io::Read + Send + 'static) -> Receiver<HostEvent> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut header = [0; 4];
        while stdout.read_exact(&mut header).is_ok() {
            let mut frame = vec![0; u32::from_ne_bytes(header) as usize];
            stdout.read_exact(&mut frame).expect("a whole frame");
            let event = serde_json::from_slice(&frame).expect("an event of the protocol");
            if sender.send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
