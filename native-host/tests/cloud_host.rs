//! The real host in a real process, with an endpoint on this machine: from `escalate` to the answer, over the wire.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use common::{Host, Installation};
use serde_json::json;
use sotto_core::protocol::*;

/// An endpoint that tells what it was asked and answers `[one]`, a word at a time.
struct Endpoint {
    url: String,
    asked: Receiver<String>,
}

impl Endpoint {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let (sender, asked) = channel();
        thread::spawn(move || serve(&listener, &sender));
        Self { url, asked }
    }
}

fn serve(listener: &TcpListener, asked: &Sender<String>) {
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let mut reader = BufReader::new(stream.try_clone().expect("a copy"));
        let mut length = 0;
        let mut head = String::new();
        while reader.read_line(&mut head).is_ok_and(|read| read > 2) {
            let line = head.lines().last().unwrap_or_default().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let body = String::from_utf8(body).expect("UTF-8");
        if asked.send(body).is_err() {
            return;
        }
        let chunk = |text: &str| {
            format!(
                "data: {}\n\n",
                json!({"choices": [{"delta": {"content": text}}]})
            )
        };
        let answer = [
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n",
            &chunk("A [PRIV"),
            &chunk("ATE_1] "),
            &chunk("answer for [EM"),
            &chunk("AIL_1]."),
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        ];
        let _ = stream.write_all(answer.concat().as_bytes());
    }
}

fn escalation(text: &str) -> Escalation {
    serde_json::from_value(json!({
        "task": {"type": "chat", "messages": [{"role": "user", "text": text}]},
        "site": "https://mail.example",
        "siteRule": "normal",
        "state": {
            "browser": {"health": "ready", "contextTokens": 2048, "tokensPerS": null, "failures": 0},
            "host": {"health": "absent", "contextTokens": 0, "tokensPerS": null, "failures": 0},
            "cloud": {"readiness": "unknown", "contextTokens": 0},
            "attempts": [{"tier": "browser", "outcome": {"type": "answered", "answer": {
                "kind": "reply", "stop": "complete", "isInputCut": false, "isLesserWay": true,
                "tokensPerS": null, "confidence": null}}}],
        },
        "edits": {"lifted": [], "added": ["Falcon"]},
    }))
    .expect("an escalation")
}

fn installed(endpoint: &Endpoint) -> Installation {
    let installation = Installation::without_runtime();
    let config = json!({"name": "Mine", "url": endpoint.url, "model": "m", "contextTokens": 8192});
    fs::write(installation.home().join("cloud.json"), config.to_string()).expect("written");
    fs::write(
        installation.home().join("settings.json"),
        r#"{"fallback": "cloud"}"#,
    )
    .expect("written");
    installation
}

fn asked(host: &mut Host, wanted: u32, text: &str) -> ConsentRequest {
    host.send(&HostRequest::Escalate {
        id: wanted,
        escalation: escalation(text),
    });
    match host.next() {
        HostEvent::Consent { id, request } if id == wanted => request,
        other => panic!("no question: {other:?}"),
    }
}

fn yes(request: &ConsentRequest, choice: ConsentChoice) -> ConsentAnswer {
    ConsentAnswer {
        nonce: request.nonce.clone(),
        payload_sha256: sotto_core::pack::sha256(request.payload.as_bytes()).to_string(),
        choice,
    }
}

#[test]
fn a_question_is_shown_agreed_to_sent_and_answered() {
    let endpoint = Endpoint::start();
    let installation = installed(&endpoint);
    let mut host = installation.connect();
    let shown = asked(&mut host, 5, "What is Falcon, ada@example.org?");
    assert!(!shown.payload.contains("Falcon") && !shown.payload.contains("ada@"));
    assert!(endpoint.asked.try_recv().is_err(), "nothing was sent yet");
    host.send(&HostRequest::Consent {
        id: 5,
        answer: yes(&shown, ConsentChoice::Once),
    });
    let (text, answer) = host.answer(5);
    assert_eq!(text, "A Falcon answer for ada@example.org.");
    assert_eq!(answer.expect("an answer").engine.tier, Tier::Cloud);
    assert_eq!(
        endpoint.asked.recv().expect("asked"),
        shown.payload,
        "the bytes that were shown"
    );
    assert!(endpoint.asked.try_recv().is_err(), "and once");

    // An old answer is good for nothing, and a no sends nothing.
    let again = asked(&mut host, 6, "And now?");
    host.send(&HostRequest::Consent {
        id: 6,
        answer: yes(&shown, ConsentChoice::Once),
    });
    assert_eq!(
        host.answer(6).1.expect_err("refused").code,
        ErrorCode::ConsentInvalid
    );
    let third = asked(&mut host, 7, "And now?");
    assert_ne!(third.nonce, again.nonce);
    host.send(&HostRequest::Consent {
        id: 7,
        answer: yes(&third, ConsentChoice::No),
    });
    assert_eq!(
        host.answer(7).1.expect_err("declined").code,
        ErrorCode::ConsentDeclined
    );
    assert!(endpoint.asked.try_recv().is_err());
}

#[test]
fn a_permission_outlives_the_host_and_ends_when_it_is_taken_back() {
    let endpoint = Endpoint::start();
    let installation = installed(&endpoint);
    let mut host = installation.connect();
    let shown = asked(&mut host, 5, "One");
    host.send(&HostRequest::Consent {
        id: 5,
        answer: yes(&shown, ConsentChoice::Site { minutes: 60 }),
    });
    assert!(host.answer(5).1.is_ok());
    host.hang_up();
    assert!(host.ended_well());

    let mut host = installation.connect();
    host.send(&HostRequest::Escalate {
        id: 5,
        escalation: escalation("Two"),
    });
    assert!(host.answer(5).1.is_ok());
    host.send(&HostRequest::Revoke {
        id: 6,
        site: Some("https://mail.example".into()),
    });
    match host.next() {
        HostEvent::Status { id: 6, status } => {
            let cloud = status.cloud.expect("it knows of endpoints");
            assert_eq!(cloud.scopes, []);
            assert_eq!(cloud.usage.sent_today, 2);
            assert_eq!(cloud.state.readiness, CloudReadiness::Ready);
        }
        other => panic!("{other:?}"),
    }
    asked(&mut host, 7, "Three");
    assert_eq!(endpoint.asked.iter().take(2).count(), 2);
    assert!(endpoint.asked.try_recv().is_err());
}

#[test]
fn by_default_there_is_no_endpoint_and_nothing_is_offered() {
    let installation = Installation::without_runtime();
    let mut host = installation.connect();
    host.send(&HostRequest::Escalate {
        id: 5,
        escalation: escalation("Hello"),
    });
    let error = host.answer(5).1.expect_err("refused");
    assert_eq!(error.code, ErrorCode::CloudForbidden);
    assert!(error.message.contains("switched off"), "{}", error.message);
    // A card or a page cannot make one up either: an answer that nobody asked for is nothing.
    let answer = ConsentAnswer {
        nonce: "00".repeat(16),
        payload_sha256: "00".repeat(32),
        choice: ConsentChoice::Once,
    };
    host.send(&HostRequest::Consent { id: 6, answer });
    host.send(&HostRequest::Status { id: 7 });
    match host.next() {
        HostEvent::Status { id: 7, status } => {
            assert_eq!(status.cloud.expect("known").endpoint, None)
        }
        other => panic!("{other:?}"),
    }
}

/// Every byte of every file in the data directory.
fn stored(installation: &Installation) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut folders = vec![installation.home().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => bytes.extend(fs::read(path).expect("a file")),
            }
        }
    }
    bytes
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn deleting_everything_leaves_nothing_of_it_in_any_file() {
    let endpoint = Endpoint::start();
    let installation = installed(&endpoint);
    let mut host = installation.connect();
    let shown = asked(&mut host, 5, "One");
    let choice = ConsentChoice::Site { minutes: 60 };
    let answer = yes(&shown, choice);
    host.send(&HostRequest::Consent { id: 5, answer });
    assert!(host.answer(5).1.is_ok());
    // A key in its file, as far as anybody can tell without the passphrase.
    fs::write(installation.home().join("cloud-key.age"), "key in a file").expect("written");
    host.send(&HostRequest::ListAudit {
        id: 6,
        before: None,
        limit: 100,
    });
    let page = match host.next() {
        HostEvent::Audit { id: 6, page } => page,
        other => panic!("{other:?}"),
    };
    assert_eq!(page.total, 5, "decided, asked, given, sent, ended");
    let origin = &shown.endpoint.origin;
    let traces = [
        origin,
        "mail.example",
        &shown.payload_sha256,
        "consentGiven",
        "key in a file",
    ];
    let before = stored(&installation);
    for trace in traces {
        assert!(holds(&before, trace), "{trace}");
    }

    host.send(&HostRequest::DeleteEverything { id: 7 });
    match host.next() {
        HostEvent::Deleted { id: 7, deletion } => assert_eq!(
            deletion,
            Deletion {
                audit_records: 5,
                permissions: 1,
                sends: 1,
                endpoint: true
            }
        ),
        other => panic!("{other:?}"),
    }
    let after = stored(&installation);
    for trace in traces {
        assert!(!holds(&after, trace), "{trace}");
    }
    host.send(&HostRequest::Status { id: 8 });
    match host.next() {
        HostEvent::Status { id: 8, status } => {
            let cloud = status.cloud.expect("known");
            assert_eq!((cloud.endpoint, cloud.scopes), (None, vec![]));
            assert_eq!(cloud.usage.sent_today, 0);
        }
        other => panic!("{other:?}"),
    }
    host.send(&HostRequest::VerifyAudit { id: 9 });
    match host.next() {
        HostEvent::AuditVerdict { id: 9, verdict } => {
            assert_eq!((verdict.records, verdict.problem_count), (0, 0))
        }
        other => panic!("{other:?}"),
    }
    // It can begin anew.
    host.hang_up();
    assert!(host.ended_well());
    let installation = installed(&endpoint);
    asked(&mut installation.connect(), 5, "Two");
}
