//! Tampering with a chain shows, and says where.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::code::Code;
use crate::pack::Sha256;
use crate::protocol::ErrorCode;
use crate::redact::Kind;

fn code(name: &str) -> Code {
    Code::try_from(name.to_owned()).unwrap()
}

fn endpoint() -> Endpoint {
    Endpoint::of("https://api.example.com/v1?key=x").unwrap()
}

/// One of each kind of event.
fn event(number: u32) -> Event {
    let request = number / 3;
    match number % 9 {
        0 => Event::Decided {
            request,
            task: code("chat"),
            route: code("cloud"),
            reason: code("contextTooLong"),
        },
        1 => Event::ConsentAsked {
            request,
            endpoint: endpoint(),
            payload: Sha256([7; 32]),
            payload_bytes: number,
            redactions: BTreeMap::from([(Kind::Person, 2), (Kind::Email, 1)]),
        },
        2 => Event::ConsentGiven {
            request,
            scope: code("once"),
            expires_s: 1_800_000_000,
        },
        3 => Event::Sent {
            request,
            endpoint: endpoint(),
            scope: code("once"),
            payload: Sha256([7; 32]),
            payload_bytes: number,
            redactions: BTreeMap::from([(Kind::Card, 1)]),
        },
        4 => Event::Ended {
            request,
            outcome: code("complete"),
            status: Some(200),
            answer_bytes: 512,
            duration_ms: number,
        },
        5 => Event::Blocked {
            request,
            reason: Code::of(&ErrorCode::TooLarge).unwrap(),
        },
        6 => Event::ConsentDeclined { request },
        7 => Event::ConsentRevoked {
            scope: code("site"),
        },
        _ => Event::Pruned {
            records: 4,
            reason: code("age"),
        },
    }
}

fn chain(len: u32) -> Vec<Record> {
    let mut head = Head::START;
    (0..len)
        .map(|number| {
            let record = append(head, 1_760_000_000 + number, event(number)).unwrap();
            head = record.head();
            record
        })
        .collect()
}

fn check(records: &[Record], expected: Option<Head>) -> Vec<Problem> {
    let entries: Vec<_> = records.iter().cloned().map(Some).collect();
    verify(&entries, Head::START, expected).problems
}

#[test]
fn a_whole_chain() {
    let records = chain(30);
    let head = records[29].head();
    assert_eq!(check(&records, Some(head)), []);
    assert_eq!(check(&[], Some(Head::START)), []);
    // From a later start, too.
    let entries: Vec<_> = records[10..].iter().cloned().map(Some).collect();
    let verdict = verify(&entries, records[9].head(), Some(head));
    assert!(verdict.is_whole());
    assert_eq!((verdict.records, verdict.head), (20, head));
}

#[test]
fn records_survive_json_and_have_a_known_form() {
    for record in chain(9) {
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    }
    let json = serde_json::to_string(&chain(2)[1].event).unwrap();
    assert_eq!(
        json,
        format!(
            r#"{{"type":"consentAsked","request":0,"endpoint":"https://api.example.com","payload":"{}","payloadBytes":1,"redactions":{{"email":1,"person":2}}}}"#,
            "07".repeat(32)
        )
    );
    // A record that was written years ago must still verify: the hash of a fixed record never changes.
    assert_eq!(serde_json::to_value(chain(1)[0].hash).unwrap(), GOLDEN);
}

/// SHA-256 over context, 32 zeros and
/// `{"atS":1760000000,"event":{"reason":"contextTooLong","request":0,"route":"cloud","task":"chat","type":"decided"},"sequence":1}`.
const GOLDEN: &str = "13a9f60a311e68f11ca3ea02a017c6f5bc88e8cef14348d26c553bb7e5174f20";

#[test]
fn a_changed_record() {
    for at in 0..9 {
        let mut records = chain(9);
        let head = records[8].head();
        records[at].at_s += 1;
        let sequence = records[at].sequence;
        assert_eq!(check(&records, Some(head)), [Problem::Changed { sequence }]);
        // With its own hash made anew, the next record gives it away; for the last one the noted head does.
        records[at].hash = records[at].computed_hash();
        assert_eq!(check(&records, Some(head)), [Problem::Changed { sequence }]);
    }
}

#[test]
fn a_chain_made_anew_shows_against_the_noted_head() {
    let head = chain(9)[8].head();
    let mut forged = chain(4);
    let mut last = forged[3].head();
    for number in 4..9 {
        let record = append(last, 1, event(number)).unwrap();
        last = record.head();
        forged.push(record);
    }
    assert_eq!(check(&forged, None), []);
    assert_eq!(
        check(&forged, Some(head)),
        [Problem::Changed { sequence: 9 }]
    );
}

#[test]
fn missing_records() {
    for (from, to) in [(0, 1), (3, 4), (3, 6)] {
        let mut records = chain(9);
        records.drain(from..to);
        let problem = Problem::Missing {
            first: from as u32 + 1,
            last: to as u32,
        };
        assert_eq!(check(&records, None), [problem]);
    }
    let records = chain(9);
    assert_eq!(
        check(&records[..7], None),
        [],
        "the end cannot be missed without a head"
    );
    let missing = Problem::Missing { first: 8, last: 9 };
    assert_eq!(check(&records[..7], Some(records[8].head())), [missing]);
    let missing = Problem::Missing { first: 1, last: 9 };
    assert_eq!(check(&[], Some(records[8].head())), [missing]);
}

#[test]
fn records_out_of_order_and_twice() {
    let mut records = chain(9);
    records.swap(3, 4);
    assert_eq!(check(&records, None), [Problem::OutOfOrder { sequence: 4 }]);
    let mut records = chain(9);
    records.insert(5, records[2].clone());
    assert_eq!(check(&records, None), [Problem::OutOfOrder { sequence: 3 }]);
    let mut records = chain(9);
    records.reverse();
    assert_eq!(check(&records, None).len(), 8);
}

#[test]
fn entries_that_are_none() {
    let mut entries: Vec<_> = chain(5).into_iter().map(Some).collect();
    entries[2] = None;
    assert_eq!(
        verify(&entries, Head::START, None).problems,
        [
            Problem::Malformed { position: 2 },
            Problem::Missing { first: 3, last: 3 }
        ]
    );
}

#[test]
fn numbers_end_without_overflow() {
    let head = Head {
        sequence: u32::MAX,
        ..Head::START
    };
    assert_eq!(append(head, 0, event(0)), None);
}

proptest! {
    #[test]
    fn any_tampering_is_noticed(len in 1_u32..24, changes in proptest::collection::vec((0_usize..24, 0_usize..24, 0_u8..4), 1..4)) {
        let original = chain(len);
        let head = original[original.len() - 1].head();
        let mut records = original.clone();
        for (one, other, kind) in changes {
            if records.is_empty() {
                break;
            }
            let (one, other) = (one % records.len(), other % records.len());
            match kind {
                0 => { records.remove(one); }
                1 => records.swap(one, other),
                2 => records[one].at_s ^= 1,
                _ => { let copy = records[one].clone(); records.insert(other, copy); }
            }
        }
        prop_assert_eq!(check(&records, Some(head)).is_empty(), records == original);
    }
}
