//! The whole host: real program, real ONNX Runtime, the model that ships.
#![cfg(target_os = "linux")]

mod common;

use std::collections::HashSet;
use std::fs;
use std::process::Command;

use common::{Installation, chat, is_running, kill, summarize, wait_until};
use sotto_core::protocol::*;

const TEXT: &str = "The harbour of the town was built in 1820. It was too small from the start. \
    Ships had to wait for days before they could enter. In 1901 the council decided to build a second harbour. \
    The second harbour was finished in 1909 and is still in use. Today most of the ships carry grain and wood.";

#[test]
fn a_summary_of_the_shipped_model_is_made_of_the_texts_own_sentences() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let mut host = installation.connect();
    host.send(&summarize(7, TEXT));
    let (text, answer) = host.answer(7);
    let answer = answer.expect("a summary");
    assert_eq!(answer.kind, AnswerKind::Extractive);
    assert_eq!(
        (answer.engine.tier, answer.engine.device.as_str()),
        (Tier::Host, "CPU")
    );
    assert!(!answer.fallback.is_empty(), "the reason can be read");
    for sentence in text.lines().flat_map(|line| line.split_inclusive(". ")) {
        assert!(TEXT.contains(sentence.trim()), "invented: {sentence}");
    }
}

#[test]
fn a_conversation_streams_and_says_who_answered() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let mut host = installation.connect();
    host.send(&chat(3, "What is a harbour?"));
    let (text, answer) = host.answer(3);
    let answer = answer.expect("an answer");
    assert!(!text.trim().is_empty());
    assert_eq!(answer.kind, AnswerKind::Reply);
    assert_eq!(answer.engine.model, "sotto-nano-onnx");
    assert!(answer.timing.tokens > 0 && answer.timing.prompt_tokens > 0);
    let has_memory = answer.memory_mib.is_some_and(|mib| mib > 10);
    assert_eq!(
        has_memory,
        cfg!(target_os = "linux"),
        "{:?}",
        answer.memory_mib
    );
    host.send(&HostRequest::Status { id: 4 });
    let HostEvent::Status { id: 4, status } = host.next() else {
        panic!("no status")
    };
    assert_eq!(
        (status.model.as_str(), status.device.as_str()),
        ("sotto-nano-onnx", "CPU")
    );
    assert!(!status.reason.is_empty());
    assert!(status.sandbox.contains("no network"), "{}", status.sandbox);
}

#[test]
fn doctor_loads_the_model_if_asked_and_says_where_it_runs() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let doctor = Command::new(installation.program())
        .args(["doctor", "--model", "--json"])
        .env("SOTTO_HOME", installation.home())
        .env("HOME", installation.home())
        .output()
        .expect("it starts");
    let report: serde_json::Value = serde_json::from_slice(&doctor.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    let answers = findings
        .iter()
        .filter(|finding| finding["area"] == "answer");
    let told: Vec<&str> = answers
        .map(|finding| finding["what"].as_str().expect("text"))
        .collect();
    assert!(
        told[0].starts_with("sotto-nano-onnx answers on CPU: ")
            && told[0].contains("tokens a second"),
        "{told:?}"
    );
    assert!(
        told[1].contains("operators run on CPUExecutionProvider"),
        "{told:?}"
    );
    assert!(told[2].contains("no network"), "{told:?}");
}

#[test]
fn a_killed_worker_costs_one_retryable_error_and_the_next_request_works() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let mut host = installation.connect();
    for id in [10, 20] {
        host.send(&chat(id, "Tell me a long story about a harbour."));
        host.first_delta(id);
        kill(host.worker().expect("a worker"));
        let (_, ended) = host.answer(id);
        // It may have been faster than the kill.
        if let Err(error) = ended {
            assert_eq!(error.code, ErrorCode::WorkerLost);
            assert!(error.retryable);
        }
    }
    host.send(&chat(30, "What is a harbour?"));
    assert!(host.answer(30).1.is_ok());
}

#[test]
fn all_that_waits_ends_when_the_worker_dies() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let mut host = installation.connect();
    let ids: Vec<u32> = (1..=5).collect();
    for &id in &ids {
        host.send(&chat(id, "Tell me a long story about a harbour."));
    }
    wait_until("the worker", || host.worker().is_some());
    kill(host.worker().expect("a worker"));
    let mut open: HashSet<u32> = ids.into_iter().collect();
    while !open.is_empty() {
        match host.next() {
            HostEvent::Done { id, .. } | HostEvent::Error { id, .. } => {
                assert!(open.remove(&id), "{id} ended twice");
            }
            _ => {}
        }
    }
}

#[test]
fn a_cancelled_answer_ends_with_cancelled() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let mut host = installation.connect();
    host.send(&chat(5, "Tell me a long story about a harbour."));
    // Queued behind it, and cancelled there.
    host.send(&chat(6, "And another one."));
    host.send(&HostRequest::Cancel { id: 6 });
    host.first_delta(5);
    host.send(&HostRequest::Cancel { id: 5 });
    let ends = [host.answer(5).1, host.answer(6).1];
    assert_eq!(
        ends[1].as_ref().expect_err("cancelled").code,
        ErrorCode::Cancelled
    );
    if let Err(error) = &ends[0] {
        assert_eq!(error.code, ErrorCode::Cancelled);
    }
    // The id may be used again.
    host.send(&chat(6, "What is a harbour?"));
    assert!(host.answer(6).1.is_ok());
}

#[test]
fn a_browser_that_quits_leaves_no_process() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let mut host = installation.connect();
    host.send(&chat(1, "Tell me a long story about a harbour."));
    host.first_delta(1);
    let worker = host.worker().expect("a worker");
    host.hang_up();
    assert!(host.ended_well());
    wait_until("the worker's end", || !is_running(worker));
}

#[test]
fn a_killed_host_leaves_no_worker() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let mut host = installation.connect();
    host.send(&chat(1, "Tell me a long story about a harbour."));
    host.first_delta(1);
    let worker = host.worker().expect("a worker");
    host.kill();
    wait_until("the worker's end", || !is_running(worker));
}

#[test]
fn a_bad_frame_does_not_end_the_session() {
    let installation = Installation::without_runtime();
    let mut host = installation.connect();
    for bad in [
        &b"{"[..],
        b"",
        b"[]",
        b"\xff\xfe",
        br#"{"type":"launch","id":4}"#,
    ] {
        host.send_bytes(bad);
        match host.next() {
            HostEvent::Error { id: 0, error } => assert_eq!(error.code, ErrorCode::BadRequest),
            other => panic!("{other:?}"),
        }
    }
    host.send_bytes(&vec![b' '; MAX_FRAME_BYTES as usize + 1]);
    match host.next() {
        HostEvent::Error { id: 0, error } => assert_eq!(error.code, ErrorCode::TooLarge),
        other => panic!("{other:?}"),
    }
    host.send(&HostRequest::Status { id: 9 });
    assert!(matches!(host.next(), HostEvent::Status { id: 9, .. }));
}

#[test]
fn without_onnx_runtime_there_is_a_summary_and_a_reason() {
    let installation = Installation::without_runtime();
    let mut host = installation.connect();
    host.send(&summarize(1, TEXT));
    let answer = host.answer(1).1.expect("a summary");
    assert_eq!(answer.kind, AnswerKind::Extractive);
    assert!(
        answer.engine.reason.contains("ONNX Runtime"),
        "{}",
        answer.engine.reason
    );
    host.send(&chat(2, "Hello"));
    let error = host.answer(2).1.expect_err("no model");
    assert_eq!(error.code, ErrorCode::RuntimeInvalid);
    assert!(!error.message.contains("Hello"));
}

#[test]
fn an_imported_model_is_used_and_the_worker_cannot_read_the_key_that_signed_it() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let export = common::root().join("tests/fixtures/onnx/genai");
    let export = export.to_str().expect("a path");
    installation.command(&["model", "import", export, "--yes", "--name", "mine"]);
    installation.command(&["model", "use", "mine"]);
    let mut host = installation.connect();
    // Its context is too short for a conversation; it is loaded all the same.
    host.send(&summarize(1, TEXT));
    host.answer(1).1.expect("a summary");
    host.send(&HostRequest::Status { id: 2 });
    let HostEvent::Status { status, .. } = host.next() else {
        panic!("no status")
    };
    assert_eq!(
        (status.model.as_str(), status.device.as_str()),
        ("mine", "CPU")
    );
    let worker = host.worker().expect("a worker");
    let arguments = fs::read(format!("/proc/{worker}/cmdline")).expect("it runs");
    let seed = fs::read(installation.home().join("device-key")).expect("the key");
    assert!(!arguments.windows(seed.len()).any(|part| part == seed));
    let open = fs::read_dir(format!("/proc/{worker}/fd")).expect("it runs");
    for target in open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()) {
        assert!(!target.ends_with("device-key"));
    }
}

#[test]
fn a_tampered_model_is_not_loaded() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let blobs = installation
        .program_folder()
        .join("models/sotto-nano-onnx/blobs");
    for entry in fs::read_dir(blobs).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    let mut host = installation.connect();
    host.send(&chat(2, "Hello"));
    let error = host.answer(2).1.expect_err("not this model");
    assert_eq!(error.code, ErrorCode::PackBlobMismatch);
}

#[test]
fn a_model_that_cannot_be_loaded_gives_the_same_error_each_time() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    // The weights, which are read when ONNX Runtime runs already.
    let blobs = installation
        .program_folder()
        .join("models/sotto-nano-onnx/blobs");
    for entry in fs::read_dir(blobs).unwrap() {
        let path = entry.unwrap().path();
        if fs::metadata(&path).unwrap().len() > 5_000_000 {
            fs::write(&path, b"short").unwrap();
        }
    }
    let mut host = installation.connect();
    for id in [2, 3] {
        host.send(&chat(id, "Hello"));
        let error = host.answer(id).1.expect_err("not this model");
        assert_eq!(error.code, ErrorCode::PackBlobMismatch);
    }
}

#[test]
fn a_stranger_is_refused() {
    let installation = Installation::without_runtime();
    let mut host = installation.start_as("chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh/");
    host.send(&chat(2, "Hello"));
    match host.next() {
        HostEvent::Error { id: 2, error } => assert_eq!(error.code, ErrorCode::OriginRefused),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_socket_is_opened() {
    let Some(installation) = Installation::complete() else {
        return;
    };
    let mut host = installation.connect();
    host.send(&chat(1, "What is a harbour?"));
    host.first_delta(1);
    let worker = host.worker().expect("a worker");
    let network = network_sockets();
    for (who, id) in [("host", host.id()), ("worker", worker)] {
        for socket in sockets_of(id) {
            assert!(!network.contains(&socket), "the {who} has a network socket");
        }
    }
}

/// Inodes of the sockets of a process.
fn sockets_of(id: u32) -> Vec<String> {
    let descriptors = fs::read_dir(format!("/proc/{id}/fd")).expect("it runs");
    descriptors
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|target| {
            let target = target.to_str()?;
            Some(
                target
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?
                    .to_owned(),
            )
        })
        .collect()
}

/// Inodes of all sockets that are not Unix ones.
fn network_sockets() -> HashSet<String> {
    [
        "tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet", "netlink", "icmp", "icmp6",
    ]
    .into_iter()
    .filter_map(|table| fs::read_to_string(format!("/proc/net/{table}")).ok())
    .flat_map(|table| {
        let lines = table.lines().skip(1);
        lines
            .flat_map(|line| {
                line.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
    })
    .collect()
}
