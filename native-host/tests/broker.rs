//! The broker with workers that misbehave as no real one does on demand.
#![cfg(unix)]

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use serde_json::json;
use sotto_core::protocol::*;
use sotto_host::broker::{Session, Surroundings, WorkerCommand, run};
use sotto_host::compiled::Statement;
use sotto_host::quarantine::Quarantine;
use sotto_host::wire::frame;
use sotto_host::worker::LoadedEngine;
use tokio::io::{DuplexStream, duplex};

/// Starts one shell script after the other as workers, and notes which providers were quarantined then.
struct Scripts {
    scripts: RefCell<Vec<String>>,
    quarantined: Rc<RefCell<Vec<Vec<String>>>>,
}

impl Surroundings for Scripts {
    fn worker_command(&self, quarantine: &Quarantine) -> WorkerCommand {
        let providers = quarantine.entries();
        let names = providers.map(|(provider, version)| format!("{provider} {version}"));
        self.quarantined.borrow_mut().push(names.collect());
        WorkerCommand {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), self.scripts.borrow_mut().remove(0)],
        }
    }

    fn compiled(&self, _: Statement) {
        unreachable!("no script compiles")
    }

    fn status(&self, _: Option<&LoadedEngine>) -> HostStatus {
        unreachable!("nobody asks")
    }
}

/// A shell command that writes one frame.
fn say(message: &serde_json::Value) -> String {
    let frame = frame::encode(message).expect("short");
    let octal: String = frame.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("printf '{octal}'")
}

fn chat(id: u32) -> HostRequest {
    HostRequest::Chat {
        id,
        messages: vec![ChatMessage {
            role: ChatRole::User,
            text: "Hello".into(),
        }],
        page: None,
    }
}

/// What the browser's side of a test does, and its workers' scripts.
struct Browser {
    stream: DuplexStream,
    quarantined: Rc<RefCell<Vec<Vec<String>>>>,
}

impl Browser {
    async fn send(&mut self, request: &HostRequest) {
        frame::write(&mut self.stream, request)
            .await
            .expect("the broker reads");
    }

    async fn next(&mut self) -> HostEvent {
        let event = frame::read(&mut self.stream).await.expect("a frame");
        event.expect("the broker is there")
    }

    async fn error(&mut self) -> (u32, WireError) {
        match self.next().await {
            HostEvent::Error { id, error } => (id, error),
            other => panic!("{other:?}"),
        }
    }
}

/// Runs `test` against a broker with these workers. Time stands still and jumps when everybody waits.
fn with_workers<F>(scripts: Vec<String>, state: &Path, test: impl FnOnce(Browser) -> F)
where
    F: Future<Output = ()>,
{
    let quarantine = Quarantine::read(&state.join("quarantine.json"));
    let quarantined = Rc::default();
    let surroundings = Scripts {
        scripts: RefCell::new(scripts),
        quarantined: Rc::clone(&quarantined),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (ours, theirs) = duplex(1 << 16);
        let (input, output) = tokio::io::split(theirs);
        let broker = run(input, output, surroundings, Session::default(), quarantine);
        let mut browser = Browser {
            stream: ours,
            quarantined,
        };
        let session = async {
            browser
                .send(&HostRequest::Hello {
                    id: 1,
                    protocol: PROTOCOL_VERSION,
                    client: "test".into(),
                })
                .await;
            assert!(matches!(browser.next().await, HostEvent::Welcome { .. }));
            test(browser).await;
        };
        let (served, ()) = tokio::join!(broker, session);
        served.expect("the browser closed its end");
    });
}

#[test]
fn a_provider_that_crashes_the_worker_is_named_and_not_tried_again() {
    let state = tempfile::tempdir().expect("a folder");
    let trying = json!({"type": "trying", "provider": "NPU driver", "version": "7"});
    let done = json!({"type": "event", "event": {"type": "delta", "id": 3, "text": "x"}});
    let crashes = format!("{}; kill -9 $$", say(&trying));
    let works = format!("{}; cat >/dev/null", say(&done));
    with_workers(
        vec![crashes, works],
        state.path(),
        async |mut browser: Browser| {
            browser.send(&chat(2)).await;
            let (id, error) = browser.error().await;
            assert_eq!((id, error.code), (2, ErrorCode::WorkerLost));
            assert!(error.retryable);
            assert!(error.message.contains("NPU driver 7"), "{}", error.message);
            browser.send(&chat(3)).await;
            assert!(matches!(
                browser.next().await,
                HostEvent::Delta { id: 3, .. }
            ));
            let seen = browser.quarantined.borrow().clone();
            assert_eq!(seen, [vec![], vec!["NPU driver 7".to_owned()]]);
        },
    );
    // The next session knows it, too.
    let kept = Quarantine::read(&state.path().join("quarantine.json"));
    assert!(kept.holds("NPU driver", "7"));
}

#[test]
fn a_provider_that_was_tried_and_passed_is_not_blamed_for_a_later_crash() {
    let state = tempfile::tempdir().expect("a folder");
    let trying = json!({"type": "trying", "provider": "NPU driver", "version": "7"});
    let script = format!(
        "{}; {}; kill -9 $$",
        say(&trying),
        say(&json!({"type": "tried"}))
    );
    with_workers(vec![script], state.path(), async |mut browser: Browser| {
        browser.send(&chat(2)).await;
        let (_, error) = browser.error().await;
        assert!(error.message.contains("signal 9"), "{}", error.message);
    });
    let kept = Quarantine::read(&state.path().join("quarantine.json"));
    assert!(!kept.holds("NPU driver", "7"));
}

#[test]
fn a_worker_that_does_not_speak_frames_is_replaced() {
    let state = tempfile::tempdir().expect("a folder");
    let noise = "printf 'a driver printed this, which is long enough for a frame'; cat >/dev/null";
    let good = json!({"type": "event", "event": {"type": "delta", "id": 3, "text": "x"}});
    let scripts = vec![noise.to_owned(), format!("{}; cat >/dev/null", say(&good))];
    with_workers(scripts, state.path(), async |mut browser: Browser| {
        browser.send(&chat(2)).await;
        assert_eq!(browser.error().await.1.code, ErrorCode::WorkerLost);
        browser.send(&chat(3)).await;
        assert!(matches!(
            browser.next().await,
            HostEvent::Delta { id: 3, .. }
        ));
    });
}

#[test]
fn a_worker_that_cannot_be_started_is_an_error() {
    let state = tempfile::tempdir().expect("a folder");
    with_workers(
        vec!["exit 3".to_owned()],
        state.path(),
        async |mut browser: Browser| {
            browser.send(&chat(2)).await;
            let (_, error) = browser.error().await;
            assert_eq!(error.code, ErrorCode::WorkerLost);
            assert!(error.message.contains("code 3"), "{}", error.message);
        },
    );
}

#[test]
fn a_worker_that_ignores_a_cancel_is_killed() {
    let state = tempfile::tempdir().expect("a folder");
    let delta = json!({"type": "event", "event": {"type": "delta", "id": 2, "text": "x"}});
    let script = format!("{}; cat >/dev/null", say(&delta));
    with_workers(vec![script], state.path(), async |mut browser: Browser| {
        browser.send(&chat(2)).await;
        assert!(matches!(browser.next().await, HostEvent::Delta { .. }));
        // From here on time jumps over every wait.
        tokio::time::pause();
        browser.send(&HostRequest::Cancel { id: 2 }).await;
        assert_eq!(browser.error().await.1.code, ErrorCode::WorkerLost);
    });
}
