//! The messages on the way to an endpoint, as they stand in JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sotto_core::protocol::*;

#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    value: T,
    json: Value,
) {
    assert_eq!(serde_json::to_value(&value).expect("JSON"), json);
    assert_eq!(serde_json::from_value::<T>(json).expect("a message"), value);
}

fn tier() -> Value {
    json!({"health": "ready", "contextTokens": 2048, "tokensPerS": 1.5, "failures": 0})
}

fn escalation() -> Value {
    json!({
        "task": {"type": "summarize", "text": "A text.", "length": "short"},
        "site": "https://example.org",
        "siteRule": "normal",
        "state": {
            "browser": tier(), "host": tier(), "cloud": {"readiness": "ready", "contextTokens": 8192},
            "attempts": [
                {"tier": "host", "outcome": {"type": "unreachable"}},
                {"tier": "browser", "outcome": {"type": "answered", "answer": {
                    "kind": "abstractive", "stop": "length", "isInputCut": false, "isLesserWay": true, "tokensPerS": null,
                    "confidence": {"meanLogProb": -1.5, "meanEntropy": 2.5, "repeatedShare": 0.25}}}},
            ],
        },
        "ownTerms": [{"kind": "other", "text": "Bluebird"}],
        "edits": {"lifted": ["a"], "added": ["b"]},
    })
}

#[test]
fn requests_on_the_way_to_an_endpoint() {
    let parsed: Escalation = serde_json::from_value(escalation()).unwrap();
    assert_eq!(parsed.state.attempts.len(), 2);
    round_trip(
        HostRequest::Escalate {
            id: 1,
            escalation: parsed,
        },
        json!({"type": "escalate", "id": 1, "escalation": escalation()}),
    );
    let answer = |choice| ConsentAnswer {
        nonce: "n".into(),
        payload_sha256: "s".into(),
        choice,
    };
    let edits = RedactionEdits {
        lifted: vec!["a".into()],
        added: vec![],
    };
    for (choice, json) in [
        (ConsentChoice::No, json!({"type": "no"})),
        (ConsentChoice::Once, json!({"type": "once"})),
        (
            ConsentChoice::Site { minutes: 30 },
            json!({"type": "site", "minutes": 30}),
        ),
        (
            ConsentChoice::Revise { edits },
            json!({"type": "revise", "edits": {"lifted": ["a"], "added": []}}),
        ),
    ] {
        round_trip(
            HostRequest::Consent {
                id: 2,
                answer: answer(choice),
            },
            json!({"type": "consent", "id": 2, "answer": {"nonce": "n", "payloadSha256": "s", "choice": json}}),
        );
    }
    round_trip(
        HostRequest::Revoke { id: 3, site: None },
        json!({"type": "revoke", "id": 3, "site": null}),
    );
    round_trip(
        HostRequest::UnlockKey {
            id: 4,
            passphrase: Passphrase("p".into()),
        },
        json!({"type": "unlockKey", "id": 4, "passphrase": "p"}),
    );
}

#[test]
fn events_on_the_way_to_an_endpoint() {
    let decision = RouteDecision {
        route: Route::Cloud,
        reason: RouteReason::CloudNeedsConsent,
        limit: Some(Limit::LowConfidence),
    };
    round_trip(
        HostEvent::Decision { id: 1, decision },
        json!({"type": "decision", "id": 1, "decision": {"route": "cloud", "reason": "cloudNeedsConsent", "limit": "lowConfidence"}}),
    );
    let request = json!({
        "nonce": "n", "limit": "inputCut", "payload": "{}", "payloadSha256": "s", "payloadBytes": 2,
        "endpoint": {"name": "Mine", "origin": "https://e.example", "model": "m", "isLoopback": false},
        "replacements": [{"placeholder": "[PERSON_1]", "kind": "person", "reason": "nameList", "original": "Ada", "count": 2}],
        "cost": {"micros": 1500, "currency": "EUR"}, "expiresInS": 600, "site": null, "key": "locked",
    });
    round_trip(
        HostEvent::Consent {
            id: 2,
            request: serde_json::from_value(request.clone()).unwrap(),
        },
        json!({"type": "consent", "id": 2, "request": request}),
    );
    let status = json!({
        "endpoint": null, "state": {"readiness": "notConfigured", "contextTokens": 0}, "setting": "off",
        "enterprise": "allowed", "key": "notNeeded",
        "usage": {"perMinute": 10, "perDay": 200, "sentToday": 3, "spent": null, "cap": null},
        "scopes": [{"site": "https://example.org", "expiresInS": 60}],
    });
    round_trip(
        serde_json::from_value::<CloudStatus>(status.clone()).unwrap(),
        status,
    );
}

#[test]
fn the_record_and_its_end() {
    for (request, json) in [
        (
            HostRequest::ListAudit {
                id: 1,
                before: None,
                limit: 50,
            },
            json!({"type": "listAudit", "id": 1, "before": null, "limit": 50}),
        ),
        (
            HostRequest::VerifyAudit { id: 2 },
            json!({"type": "verifyAudit", "id": 2}),
        ),
        (
            HostRequest::DeleteEverything { id: 3 },
            json!({"type": "deleteEverything", "id": 3}),
        ),
    ] {
        round_trip(request, json);
    }
    let hash = "ab".repeat(32);
    let head = json!({"sequence": 7, "hash": hash});
    let record = json!({
        "sequence": 7, "atS": 1_800_000_000, "previous": "cd".repeat(32), "hash": hash,
        "event": {"type": "sent", "request": 4, "endpoint": "https://e.example", "scope": "once", "payload": hash,
            "payloadBytes": 900, "redactions": {"email": 1, "person": 2}},
    });
    let page = json!({"records": [record], "total": 7, "head": head});
    round_trip(
        HostEvent::Audit {
            id: 1,
            page: serde_json::from_value(page.clone()).unwrap(),
        },
        json!({"type": "audit", "id": 1, "page": page}),
    );
    let verdict = json!({"records": 6, "head": head, "problemCount": 1, "problems": [{"type": "missing", "first": 3, "last": 3}]});
    round_trip(
        HostEvent::AuditVerdict {
            id: 2,
            verdict: serde_json::from_value(verdict.clone()).unwrap(),
        },
        json!({"type": "auditVerdict", "id": 2, "verdict": verdict}),
    );
    let deletion = Deletion {
        audit_records: 7,
        permissions: 1,
        sends: 2,
        endpoint: true,
    };
    round_trip(
        HostEvent::Deleted { id: 3, deletion },
        json!({"type": "deleted", "id": 3, "deletion": {"auditRecords": 7, "permissions": 1, "sends": 2, "endpoint": true}}),
    );
}

#[test]
fn what_is_missing_or_of_another_form_is_refused() {
    let without = |path: &str| {
        let mut json = escalation();
        let (parent, name) = path.rsplit_once('/').unwrap();
        json.pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(name)
            .unwrap();
        serde_json::from_value::<Escalation>(json).is_ok()
    };
    assert!(
        without("/site") && without("/ownTerms") && without("/edits") && without("/state/attempts")
    );
    for path in [
        "/task",
        "/siteRule",
        "/state",
        "/state/browser",
        "/state/browser/failures",
    ] {
        assert!(!without(path), "{path}");
    }
    for message in [
        json!({"type": "consent", "id": 1}),
        json!({"type": "consent", "id": 1, "answer": {"nonce": "n", "payloadSha256": "s"}}),
        json!({"type": "consent", "id": 1, "answer": {"nonce": "n", "payloadSha256": "s", "choice": {"type": "always"}}}),
        json!({"type": "consent", "id": 1, "answer": {"nonce": "n", "payloadSha256": "s", "choice": {"type": "site"}}}),
        json!({"type": "escalate", "id": 1, "escalation": {}}),
        json!({"type": "unlockKey", "id": 1}),
    ] {
        assert!(
            serde_json::from_value::<HostRequest>(message.clone()).is_err(),
            "{message}"
        );
    }
}

#[test]
fn no_log_shows_a_passphrase() {
    let request = HostRequest::UnlockKey {
        id: 4,
        passphrase: Passphrase("correct horse".into()),
    };
    assert!(!format!("{request:?}").contains("horse"));
}
