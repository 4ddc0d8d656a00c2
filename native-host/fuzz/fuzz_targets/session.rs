//! Any messages to a session, with the worker dying in between: every request ends exactly once.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use sotto_core::protocol::{ErrorCode, HostEvent, HostRequest, PROTOCOL_VERSION, WireError};
use sotto_host_fuzz::session::{Action, Session};
use sotto_host_fuzz::wire::frame;

fuzz_target!(|input: &[u8]| {
    let mut session = Session::default();
    let hello = HostRequest::Hello { id: 0, protocol: PROTOCOL_VERSION, client: String::new() };
    session.received(Ok(hello));
    let mut open = BTreeSet::new();
    // Those of the endpoint: a worker's end is not theirs.
    let mut cloud = BTreeSet::new();
    let mut personal = BTreeSet::new();
    for line in input.split(|&byte| byte == b'\n') {
        let actions = if line.is_empty() {
            let lost = WireError { code: ErrorCode::WorkerLost, message: String::new(), retryable: true };
            session.worker_lost(&lost).into_iter().map(Action::Reply).collect()
        } else {
            session.received(frame::parse::<HostRequest>(line))
        };
        for action in actions {
            match action {
                Action::Work(HostRequest::Chat { id, .. } | HostRequest::Summarize { id, .. }) => {
                    assert!(open.insert(id), "two requests with one id");
                }
                Action::Reply(HostEvent::Error { id, error }) if error.code == ErrorCode::WorkerLost => {
                    assert!(open.remove(&id), "ended twice");
                }
                Action::Cancel { id } => assert!(open.contains(&id)),
                Action::Cloud(HostRequest::Cancel { id } | HostRequest::Consent { id, .. }) => assert!(cloud.contains(&id)),
                Action::Cloud(
                    HostRequest::Escalate { id, .. }
                    | HostRequest::Revoke { id, .. }
                    | HostRequest::UnlockKey { id, .. }
                    | HostRequest::ListAudit { id, .. }
                    | HostRequest::VerifyAudit { id }
                    | HostRequest::DeleteEverything { id },
                ) => {
                    assert!(!open.contains(&id) && cloud.insert(id), "two requests with one id");
                }
                Action::Personal(HostRequest::Personal { id, .. }) => {
                    assert!(!open.contains(&id) && !cloud.contains(&id) && personal.insert(id), "two requests with one id");
                }
                Action::Personal(HostRequest::Cancel { id }) => assert!(personal.contains(&id)),
                Action::Personal(_) => panic!("nothing personal"),
                Action::Cloud(_) => panic!("not for an endpoint"),
                Action::Work(_) => panic!("not for a worker"),
                Action::Reply(_) | Action::Status { .. } | Action::Pack(_) | Action::Update(_) => {}
            }
        }
        assert_eq!(open.is_empty(), session.is_idle());
    }
});
