//! `sotto-host audit` on the file that a real host wrote, before and after somebody changed it.
#![cfg(unix)]

mod common;

use std::process::{Command, Output};

use common::Installation;
use serde_json::json;
use sotto_core::protocol::*;

/// What was asked; the record must not know it.
const TEXT: &str = "Who is Ada Lovelace?";

/// A host that three requests were put to, and refused, since no endpoint is set up.
fn recorded() -> Installation {
    let installation = Installation::without_runtime();
    let mut host = installation.connect();
    let tier = json!({"health": "absent", "contextTokens": 0, "tokensPerS": null, "failures": 0});
    let escalation: Escalation = serde_json::from_value(json!({
        "task": {"type": "chat", "messages": [{"role": "user", "text": TEXT}]},
        "siteRule": "normal",
        "state": {"browser": tier, "host": tier, "cloud": {"readiness": "unknown", "contextTokens": 0}},
    }))
    .expect("an escalation");
    for id in 5..8 {
        let escalation = escalation.clone();
        host.send(&HostRequest::Escalate { id, escalation });
        let error = host.answer(id).1.expect_err("refused");
        assert_eq!(error.code, ErrorCode::CloudForbidden);
    }
    host.hang_up();
    assert!(host.ended_well());
    installation
}

fn audit(installation: &Installation, arguments: &[&str]) -> Output {
    Command::new(installation.program())
        .arg("audit")
        .args(arguments)
        .env("SOTTO_HOME", installation.home())
        .output()
        .expect("the program starts")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn what_a_host_recorded_verifies_and_each_change_is_found() {
    let installation = recorded();
    let whole = audit(&installation, &["verify"]);
    assert!(whole.status.success(), "{whole:?}");
    assert!(text(&whole).starts_with("3 records: none was changed"));
    let head = text(&whole);
    let head = head.trim_end().rsplit("Newest: ").next().expect("a head");
    assert!(
        audit(&installation, &["verify", "--head", head])
            .status
            .success()
    );

    let shown = text(&audit(&installation, &["show"]));
    assert_eq!(shown.matches("chat to refuse").count(), 3, "{shown}");
    let exported = text(&audit(&installation, &["export"]));
    assert_eq!(exported.lines().count(), 3);
    assert!(!exported.contains("Ada") && !shown.contains("Ada"));

    let database =
        rusqlite::Connection::open(installation.home().join("sotto.db")).expect("it opens");
    for (change, undo, found) in [
        (
            "UPDATE audit SET record = replace(record, '\"chat\"', '\"summarize\"') WHERE sequence = 2",
            "UPDATE audit SET record = replace(record, '\"summarize\"', '\"chat\"') WHERE sequence = 2",
            "Record 2 was changed.",
        ),
        (
            "UPDATE audit SET sequence = sequence + 10 WHERE sequence = 1",
            "UPDATE audit SET sequence = 1 WHERE sequence = 11",
            "Record 1 is not in its place",
        ),
        (
            "DELETE FROM audit WHERE sequence = 3",
            "SELECT 1 WHERE 0",
            "Record 3 is missing.",
        ),
    ] {
        database.execute_batch(change).expect("tampered");
        let verdict = audit(&installation, &["verify"]);
        assert_eq!(verdict.status.code(), Some(1), "{change}");
        assert!(text(&verdict).contains(found), "{}", text(&verdict));
        database.execute_batch(undo).expect("undone");
    }
}
