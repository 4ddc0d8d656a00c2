//! The real host in a real process against a real server: llama.cpp with our own model, on this device. `scripts/check
//! cloud-real` runs it; without `SOTTO_CLOUD_REAL`, which names the GGUF file, it is skipped.
#![cfg(unix)]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use common::{Installation, root};
use serde_json::{Value, json};
use sotto_core::pack::sha256;
use sotto_core::protocol::*;

const ORIGINAL: &str = "ada.lovelace@example.org";

/// The server, which ends with the test.
struct Server {
    child: Child,
    port: u64,
}

impl Server {
    fn start(gguf: &str, key: &str) -> Self {
        let mut child = Command::new("node")
            .arg(root().join("tests/bench/llama/serve.mjs"))
            .arg(gguf)
            .env("SOTTO_API_KEY", key)
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let ready: Value = serde_json::from_str(&line).expect("JSON");
        Self {
            child,
            port: ready["port"].as_u64().expect("a port"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn escalation(task: Value) -> Escalation {
    serde_json::from_value(json!({
        "task": task,
        "siteRule": "normal",
        "state": {
            "browser": {"health": "ready", "contextTokens": 512, "tokensPerS": null, "failures": 0},
            "host": {"health": "absent", "contextTokens": 0, "tokensPerS": null, "failures": 0},
            "cloud": {"readiness": "unknown", "contextTokens": 0},
            "attempts": [{"tier": "browser", "outcome": {"type": "answered", "answer": {
                "kind": "reply", "stop": "complete", "isInputCut": false, "isLesserWay": true,
                "tokensPerS": null, "confidence": null}}}],
        },
    }))
    .expect("an escalation")
}

fn installed(server: &Server, key: &str) -> Installation {
    let installation = Installation::without_runtime();
    let config = json!({
        "name": "llama.cpp", "url": format!("http://127.0.0.1:{}/v1", server.port), "model": "sotto-nano",
        "contextTokens": 4096, "key": key,
    });
    fs::write(installation.home().join("cloud.json"), config.to_string()).expect("written");
    let settings = installation.home().join("settings.json");
    fs::write(settings, r#"{"fallback": "cloud"}"#).expect("written");
    installation
}

/// Asks, checks what is shown, agrees, and gives what comes.
fn agreed(
    host: &mut common::Host,
    id: u32,
    task: Value,
) -> (String, Result<AnswerInfo, WireError>) {
    let escalation = escalation(task);
    host.send(&HostRequest::Escalate { id, escalation });
    let request = match host.next() {
        HostEvent::Consent { request, .. } => request,
        other => panic!("no question: {other:?}"),
    };
    assert!(!request.payload.contains("ada"), "{}", request.payload);
    assert!(request.endpoint.is_loopback);
    let answer = ConsentAnswer {
        nonce: request.nonce.clone(),
        payload_sha256: sha256(request.payload.as_bytes()).to_string(),
        choice: ConsentChoice::Once,
    };
    host.send(&HostRequest::Consent { id, answer });
    host.answer(id)
}

#[test]
fn a_real_server_streams_through_the_host_and_gives_values_back_that_it_never_saw() {
    let Ok(gguf) = std::env::var("SOTTO_CLOUD_REAL") else {
        eprintln!("skipped: scripts/check cloud-real runs this");
        return;
    };
    let server = Server::start(&gguf, "");
    let installation = installed(&server, "none");
    let mut host = installation.connect();

    let text = format!("{ORIGINAL} will speak in the hall at ten. The hall is in the old town.");
    let (summary, answer) = agreed(&mut host, 5, json!({"type": "summarize", "text": text}));
    let answer = answer.expect("an answer");
    assert_eq!(answer.engine.tier, Tier::Cloud);
    assert!(!summary.trim().is_empty());
    let timing = answer.timing;
    assert!(timing.tokens > 0 && timing.prompt_tokens > 0, "{timing:?}");
    eprintln!(
        "{} tokens in, {} out, the first after {:.0} ms, all after {:.0} ms",
        timing.prompt_tokens, timing.tokens, timing.first_token_ms, timing.total_ms
    );

    // A model of this size repeats more than it answers, and not always. One of these comes back.
    let questions =
        [12, 10, 14, 16, 20].map(|times| format!("Write to {ORIGINAL}! ").repeat(times));
    let restored = (6..).zip(questions).any(|(id, question)| {
        let messages = json!([{"role": "user", "text": question.trim_end()}]);
        let (text, answer) = agreed(&mut host, id, json!({"type": "chat", "messages": messages}));
        answer.expect("an answer");
        assert!(!text.contains("[EMAIL_1]"), "{text}");
        text.contains(ORIGINAL)
    });
    assert!(restored, "no answer had the placeholder");

    host.send(&HostRequest::VerifyAudit { id: 90 });
    match host.next() {
        HostEvent::AuditVerdict { verdict, .. } => {
            assert_eq!(verdict.problem_count, 0);
            // Decided, asked, given, sent, ended, of two requests at least.
            assert!(
                verdict.records >= 10 && verdict.records % 5 == 0,
                "{verdict:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_real_server_that_wants_a_key_gets_no_other_try() {
    let Ok(gguf) = std::env::var("SOTTO_CLOUD_REAL") else {
        eprintln!("skipped: scripts/check cloud-real runs this");
        return;
    };
    let server = Server::start(&gguf, "sk-right");
    let installation = installed(&server, "none");
    let mut host = installation.connect();
    let messages = json!([{"role": "user", "text": "Hello"}]);
    let (text, answer) = agreed(&mut host, 5, json!({"type": "chat", "messages": messages}));
    assert_eq!(text, "");
    assert_eq!(
        answer.expect_err("refused").code,
        ErrorCode::CloudUnauthorized
    );
}
