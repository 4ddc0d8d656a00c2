//! What is recorded of each way that a request can go, and what is deleted.

use sotto_core::audit::{Event, Problem};
use sotto_core::protocol::*;
use sotto_host::cloud::{KeyError, News, Telling};
use sotto_host::store::Store;

use super::support::*;

const SITE: &str = "https://mail.example";
const TEXT: &str = "Anna Schmidt wrote from anna.schmidt@example.org";

/// Every event, the oldest first; and that the chain is whole and holds nothing of the text.
fn recorded(bench: &Bench) -> Vec<Event> {
    let store = lock(&bench.store);
    assert!(store.verify_audit(None).expect("readable").is_whole());
    let records = store.records(None, 1_000).expect("readable");
    for record in &records {
        let json = serde_json::to_string(record).expect("JSON");
        for secret in ["Anna", "Schmidt", "anna", "mail.example"] {
            assert!(!json.contains(secret), "{json}");
        }
    }
    records
        .into_iter()
        .rev()
        .map(|record| record.event)
        .collect()
}

/// Their names.
fn names(bench: &Bench) -> Vec<String> {
    let name = |event: &Event| {
        let json = serde_json::to_value(event).expect("JSON");
        json["type"].as_str().expect("a name").to_owned()
    };
    recorded(bench).iter().map(name).collect()
}

#[test]
fn a_question_is_recorded_with_its_sums_and_counts() {
    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation(TEXT, Some(SITE)));
    bench.answer(1, yes(&shown, ConsentChoice::Site { minutes: 5 }));
    // The scope that was just given.
    assert_eq!(bench.escalate(2, escalation(TEXT, Some(SITE))), []);
    let events = recorded(&bench);
    let [
        Event::Decided {
            request: _,
            task,
            route,
            reason,
        },
        Event::ConsentAsked {
            request: 1,
            endpoint,
            payload,
            payload_bytes,
            redactions,
        },
        Event::ConsentGiven {
            request: 1,
            scope,
            expires_s,
        },
        Event::Decided { .. },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        [task.as_str(), route.as_str(), reason.as_str()],
        ["chat", "cloud", "lesserWay"]
    );
    assert_eq!(endpoint.as_str(), "https://llm.example");
    assert_eq!(payload.to_string(), shown.payload_sha256);
    assert_eq!(*payload_bytes, shown.payload_bytes);
    assert_eq!(redactions.values().sum::<u32>(), 2);
    assert_eq!(scope.as_str(), "site");
    assert_eq!(u64::from(*expires_s), NOW / 1_000 + 300);
}

#[test]
fn every_way_leaves_its_record() {
    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation(TEXT, None));
    bench.answer(1, yes(&shown, ConsentChoice::No));
    assert_eq!(
        names(&bench),
        ["decided", "consentAsked", "consentDeclined"]
    );

    let mut bench = Bench::new();
    bench.asked(1, escalation(TEXT, None));
    bench.handle(HostRequest::Cancel { id: 1 });
    assert_eq!(
        names(&bench),
        ["decided", "consentAsked", "consentDeclined"]
    );

    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation(TEXT, None));
    let mut wrong = yes(&shown, ConsentChoice::Once);
    wrong.payload_sha256 = "00".repeat(32);
    bench.answer(1, wrong);
    assert_eq!(names(&bench), ["decided", "consentAsked", "blocked"]);

    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation(TEXT, None));
    bench.answer(1, yes(&shown, ConsentChoice::Once));
    bench.handle(HostRequest::Revoke { id: 2, site: None });
    assert_eq!(
        names(&bench),
        [
            "decided",
            "consentAsked",
            "consentGiven",
            "ended",
            "consentRevoked"
        ]
    );

    let mut bench = Bench::new();
    lock(&bench.setup).setting = CloudSetting::Off;
    bench.escalate(1, escalation(TEXT, None));
    assert_eq!(names(&bench), ["decided"]);

    // The browser goes in the middle.
    let mut bench = Bench::new();
    let store = bench.store.clone();
    let shown = bench.asked(1, escalation(TEXT, None));
    bench.answer(1, yes(&shown, ConsentChoice::Once));
    bench.asked(2, escalation(TEXT, None));
    drop(bench);
    let records = lock(&store).records(None, 2).unwrap();
    assert!(matches!(
        records[1].event,
        Event::ConsentDeclined { request: 4 }
    ));
    assert!(matches!(records[0].event, Event::Ended { request: 1, .. }));
}

#[test]
fn what_cannot_be_recorded_is_not_asked_and_not_sent() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path()).unwrap();
    let mut bench = Bench::with_store(setup(&endpoint("https://llm.example/v1")), store);
    let shown = bench.asked(1, escalation(TEXT, None));
    let other = rusqlite::Connection::open(home.path().join("sotto.db")).unwrap();
    other.execute_batch("DELETE FROM audit_head").unwrap();
    assert_eq!(
        code(&bench.answer(1, yes(&shown, ConsentChoice::Once)), 1),
        ErrorCode::AuditFailed
    );
    assert_eq!(
        code(&bench.escalate(2, escalation(TEXT, None)), 2),
        ErrorCode::AuditFailed
    );
    assert_eq!(bench.sent(), []);
    let told = bench.handle(HostRequest::VerifyAudit { id: 3 });
    let [Telling::Event(HostEvent::AuditVerdict { id: 3, verdict })] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(verdict.problem_count, 1);
    assert!(matches!(verdict.problems[..], [Problem::Changed { .. }]));
}

#[test]
fn the_options_page_lists_the_newest_first() {
    let mut bench = Bench::new();
    for id in 1..=3 {
        bench.asked(id, escalation(TEXT, None));
    }
    let mut page = |before, limit| {
        let told = bench.handle(HostRequest::ListAudit {
            id: 9,
            before,
            limit,
        });
        match &told[..] {
            [Telling::Event(HostEvent::Audit { id: 9, page })] => page.clone(),
            other => panic!("{other:?}"),
        }
    };
    let first = page(None, 4);
    let numbers = |page: &AuditPage| -> Vec<u32> {
        page.records.iter().map(|record| record.sequence).collect()
    };
    assert_eq!((numbers(&first), first.total), (vec![6, 5, 4, 3], 6));
    assert_eq!(first.head, first.records[0].head());
    assert_eq!(numbers(&page(Some(3), u32::MAX)), [2, 1]);
}

#[test]
fn deleting_ends_everything_and_forgets_the_key_before_the_endpoint() {
    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation(TEXT, Some(SITE)));
    bench.answer(1, yes(&shown, ConsentChoice::Site { minutes: 60 }));
    bench.asked(2, escalation(TEXT, None));
    let told = bench.handle(HostRequest::DeleteEverything { id: 7 });
    let ended: Vec<_> = told
        .iter()
        .map(|telling| match telling {
            Telling::Event(HostEvent::Error { id, error }) => (*id, error.code),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        ended,
        [
            (2, ErrorCode::ConsentRevoked),
            (1, ErrorCode::ConsentRevoked)
        ]
    );
    assert_eq!(recorded(&bench), []);
    let forgotten = lock(&bench.courier.0).forgotten.clone();
    assert_eq!(forgotten.len(), 1);
    assert!(forgotten[0].1.is_some(), "whose key");

    // The keyring does not open: the endpoint stays known, so that the next time can forget its key.
    let result = Err(KeyError::Locked);
    let told = bench.desk.heard(News::Forgotten { id: 7, result }, NOW);
    assert_eq!(code(&told, 7), ErrorCode::CloudKeyLocked);
    assert!(lock(&bench.setup).endpoint.as_ref().unwrap().is_some());

    bench.handle(HostRequest::DeleteEverything { id: 8 });
    let result = Ok(());
    let told = bench.desk.heard(News::Forgotten { id: 8, result }, NOW);
    let [Telling::Event(HostEvent::Deleted { id: 8, deletion })] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(deletion.endpoint);
    assert!(lock(&bench.setup).endpoint.as_ref().unwrap().is_none());
    assert_eq!(lock(&bench.setup).setting, CloudSetting::Off);
    assert_eq!(
        code(&bench.escalate(9, escalation(TEXT, Some(SITE))), 9),
        ErrorCode::CloudForbidden,
        "the permission is gone, too"
    );
}
