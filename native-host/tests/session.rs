//! Every request ends exactly once, whatever comes in which order.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sotto_core::protocol::*;
use sotto_host::broker::{Action, MAX_IN_FLIGHT, Session};
use sotto_host::wire::frame::FrameError;

/// What may happen to a session.
#[derive(Debug, Clone)]
enum Happening {
    Chat(u32),
    Summarize(u32),
    Cancel(u32),
    Status(u32),
    Garbage,
    Delta(u32),
    Done(u32),
    Failed(u32),
    WorkerLost,
}

fn happening() -> impl Strategy<Value = Happening> {
    // Few ids, so that they are used again, answered twice, and cancelled after their end.
    let id = || 1..12_u32;
    prop_oneof![
        4 => id().prop_map(Happening::Chat),
        4 => id().prop_map(Happening::Summarize),
        3 => id().prop_map(Happening::Cancel),
        1 => id().prop_map(Happening::Status),
        1 => Just(Happening::Garbage),
        4 => id().prop_map(Happening::Delta),
        4 => id().prop_map(Happening::Done),
        2 => id().prop_map(Happening::Failed),
        1 => Just(Happening::WorkerLost),
    ]
}

fn chat(id: u32) -> HostRequest {
    let message = ChatMessage {
        role: ChatRole::User,
        text: "Hello".into(),
    };
    HostRequest::Chat {
        id,
        messages: vec![message],
        page: None,
    }
}

fn summarize(id: u32) -> HostRequest {
    HostRequest::Summarize {
        id,
        text: "A text.".into(),
        length: SummaryLength::Short,
    }
}

fn lost() -> WireError {
    WireError {
        code: ErrorCode::WorkerLost,
        message: "gone".into(),
        retryable: true,
    }
}

fn done(id: u32) -> HostEvent {
    let engine = AnswerEngine {
        tier: Tier::Host,
        model: "m".into(),
        device: "CPU".into(),
        reason: String::new(),
    };
    HostEvent::Done {
        id,
        answer: AnswerInfo {
            engine,
            kind: AnswerKind::Reply,
            stop: AnswerStop::Complete,
            is_input_cut: false,
            fallback: String::new(),
            timing: AnswerTiming::default(),
        },
    }
}

fn hello(protocol: u32) -> HostRequest {
    HostRequest::Hello {
        id: 0,
        protocol,
        client: "test".into(),
    }
}

fn greeted() -> Session {
    let mut session = Session::default();
    let actions = session.received(Ok(hello(PROTOCOL_VERSION)));
    assert!(matches!(
        actions[..],
        [Action::Reply(HostEvent::Welcome { .. })]
    ));
    session
}

fn code(actions: &[Action]) -> Option<(u32, ErrorCode)> {
    match actions {
        [Action::Reply(HostEvent::Error { id, error })] => Some((*id, error.code)),
        _ => None,
    }
}

/// Requests that were sent and have not ended, and how often each id has ended in all.
#[derive(Default)]
struct Browser {
    open: BTreeSet<u32>,
}

impl Browser {
    fn heard(&mut self, event: &HostEvent) -> Result<(), TestCaseError> {
        match event {
            // About a frame that had no id, or a second use of one.
            HostEvent::Error { id: 0, .. } => {}
            HostEvent::Done { id, .. } | HostEvent::Error { id, .. } => {
                prop_assert!(self.open.remove(id), "{id} ended twice");
            }
            HostEvent::Delta { id, .. } | HostEvent::Progress { id, .. } => {
                prop_assert!(self.open.contains(id), "{id} went on after its end");
            }
            HostEvent::Welcome { .. } | HostEvent::Status { .. } => {}
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn every_request_ends_exactly_once(happenings in proptest::collection::vec(happening(), 0..200)) {
        let mut session = greeted();
        let mut browser = Browser::default();
        for happening in happenings {
            let mut sent = None;
            let actions = match happening {
                Happening::Chat(id) => { sent = Some(id); session.received(Ok(chat(id))) }
                Happening::Summarize(id) => { sent = Some(id); session.received(Ok(summarize(id))) }
                Happening::Cancel(id) => session.received(Ok(HostRequest::Cancel { id })),
                Happening::Status(id) => session.received(Ok(HostRequest::Status { id })),
                Happening::Garbage => session.received(Err(FrameError::Malformed)),
                Happening::Delta(id) => said(&mut session, HostEvent::Delta { id, text: "x".into() }),
                Happening::Done(id) => said(&mut session, done(id)),
                Happening::Failed(id) => said(&mut session, HostEvent::Error { id, error: lost() }),
                Happening::WorkerLost => session.worker_lost(&lost()).into_iter().map(Action::Reply).collect(),
            };
            // A second use of an id in flight is refused under id 0 and changes nothing.
            if let Some(id) = sent
                && !browser.open.insert(id)
            {
                prop_assert_eq!(code(&actions), Some((0, ErrorCode::BadRequest)));
            }
            for action in &actions {
                match action {
                    Action::Reply(event) => browser.heard(event)?,
                    Action::Work(_) | Action::Status { .. } => {}
                    Action::Cancel { id } => prop_assert!(browser.open.contains(id)),
                }
            }
            prop_assert!(browser.open.len() <= MAX_IN_FLIGHT);
        }
        for event in session.worker_lost(&lost()) {
            browser.heard(&event)?;
        }
        prop_assert!(browser.open.is_empty(), "left hanging: {:?}", browser.open);
        prop_assert!(session.is_idle());
    }
}

fn said(session: &mut Session, event: HostEvent) -> Vec<Action> {
    session
        .worker_said(event)
        .map(Action::Reply)
        .into_iter()
        .collect()
}

#[test]
fn nothing_goes_before_hello() {
    let mut session = Session::default();
    assert_eq!(
        code(&session.received(Ok(chat(5)))),
        Some((5, ErrorCode::BadRequest))
    );
}

#[test]
fn another_version_is_told_which_side_to_update() {
    for (protocol, side) in [
        (PROTOCOL_VERSION - 1, "update the extension"),
        (PROTOCOL_VERSION + 1, "update the host"),
    ] {
        let mut session = Session::default();
        for request in [hello(protocol), chat(3), hello(PROTOCOL_VERSION)] {
            match &session.received(Ok(request))[..] {
                [Action::Reply(HostEvent::Error { error, .. })] => {
                    assert_eq!(error.code, ErrorCode::VersionMismatch);
                    assert!(error.message.contains(side), "{}", error.message);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_stranger_is_refused() {
    let mut session = Session::refusing(WireError {
        code: ErrorCode::OriginRefused,
        message: "no".into(),
        retryable: false,
    });
    for request in [hello(PROTOCOL_VERSION), chat(3)] {
        let (_, code) = code(&session.received(Ok(request))).expect("an error");
        assert_eq!(code, ErrorCode::OriginRefused);
    }
}

#[test]
fn requests_out_of_range_do_not_reach_the_worker() {
    let mut session = greeted();
    let empty = HostRequest::Chat {
        id: 1,
        messages: vec![],
        page: None,
    };
    assert_eq!(
        code(&session.received(Ok(empty))),
        Some((1, ErrorCode::BadRequest))
    );
    let long = HostRequest::Summarize {
        id: 2,
        text: "x".repeat(MAX_SUMMARIZE_UTF16 as usize + 1),
        length: SummaryLength::Short,
    };
    assert_eq!(
        code(&session.received(Ok(long))),
        Some((2, ErrorCode::TooLarge))
    );
    assert!(session.is_idle());
}

#[test]
fn more_than_the_limit_is_refused_at_once() {
    let mut session = greeted();
    for id in 1..=MAX_IN_FLIGHT as u32 {
        assert!(matches!(
            session.received(Ok(chat(id)))[..],
            [Action::Work(_)]
        ));
    }
    let refused = session.received(Ok(chat(99)));
    assert_eq!(code(&refused), Some((99, ErrorCode::Overloaded)));
}
