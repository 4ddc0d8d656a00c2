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
    Escalate(u32),
    Consent(u32),
    CloudDelta(u32),
    CloudDone(u32),
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
        3 => id().prop_map(Happening::Escalate),
        2 => id().prop_map(Happening::Consent),
        3 => id().prop_map(Happening::CloudDelta),
        3 => id().prop_map(Happening::CloudDone),
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
            confidence: None,
            memory_mib: None,
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

#[test]
fn an_update_is_no_business_of_the_worker_and_its_cancel_goes_to_who_updates() {
    let mut session = greeted();
    let request = HostRequest::CheckUpdates {
        id: 3,
        browser_version: 2,
    };
    let actions = session.received(Ok(request.clone()));
    assert_eq!(actions, [Action::Update(request)]);
    assert!(session.is_idle(), "the worker has nothing to do");
    let cancel = HostRequest::Cancel { id: 3 };
    let actions = session.received(Ok(cancel.clone()));
    assert_eq!(actions, [Action::Update(cancel)]);
    assert!(session.worker_lost(&lost()).is_empty());
    let end = HostEvent::Error {
        id: 3,
        error: lost(),
    };
    assert!(
        session.worker_said(end.clone()).is_none(),
        "not the worker's"
    );
    assert!(session.update_said(end.clone()).is_some());
    assert!(session.update_said(end).is_none(), "it ended");
}

#[test]
fn what_is_personal_has_a_place_of_its_own_and_switching_it_off_always_gets_there() {
    let mut session = greeted();
    let request = |id, task| HostRequest::Personal { id, task };
    let asked = request(3, PersonalTask::Status);
    let actions = session.received(Ok(asked.clone()));
    assert_eq!(actions, [Action::Personal(asked)]);
    assert!(session.is_idle(), "the worker has nothing to do");
    let end = HostEvent::Error {
        id: 3,
        error: lost(),
    };
    assert!(session.worker_lost(&lost()).is_empty());
    assert!(session.update_said(end.clone()).is_none(), "not theirs");
    assert!(session.personal_said(end.clone()).is_some());
    assert!(session.personal_said(end).is_none(), "it ended");
    for id in 1..=MAX_IN_FLIGHT as u32 {
        session.received(Ok(chat(id)));
    }
    let off = request(99, PersonalTask::SwitchOff);
    let actions = session.received(Ok(off.clone()));
    assert_eq!(actions, [Action::Personal(off)]);
    let later = session.received(Ok(request(98, PersonalTask::Status)));
    assert_eq!(code(&later), Some((98, ErrorCode::Overloaded)));
}

/// Requests that were sent and have not ended, and how often each id has ended in all.
#[derive(Default)]
struct Browser {
    open: BTreeSet<u32>,
    /// Those of them that are the endpoint's.
    cloud: BTreeSet<u32>,
}

impl Browser {
    fn heard(&mut self, event: &HostEvent) -> Result<(), TestCaseError> {
        match event {
            // About a frame that had no id, or a second use of one.
            HostEvent::Error { id: 0, .. } => {}
            HostEvent::Done { id, .. } | HostEvent::Error { id, .. } => {
                prop_assert!(self.open.remove(id), "{id} ended twice");
                self.cloud.remove(id);
            }
            HostEvent::Delta { id, .. } | HostEvent::Progress { id, .. } => {
                prop_assert!(self.open.contains(id), "{id} went on after its end");
            }
            HostEvent::Consent { id, .. } => {
                prop_assert!(self.open.contains(id), "{id} went on after its end")
            }
            HostEvent::Welcome { .. }
            | HostEvent::Status { .. }
            | HostEvent::Audit { .. }
            | HostEvent::AuditVerdict { .. }
            | HostEvent::PackOffer { .. }
            | HostEvent::PackChunk { .. }
            | HostEvent::UpdatePlan { .. }
            | HostEvent::Updated { .. }
            | HostEvent::Personal { .. }
            | HostEvent::Deleted { .. }
            | HostEvent::Decision { .. } => {}
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
                Happening::Escalate(id) => { sent = Some(id); session.received(Ok(escalate(id))) }
                Happening::Consent(id) => session.received(Ok(consent(id))),
                Happening::CloudDelta(id) => cloud_said(&mut session, HostEvent::Delta { id, text: "x".into() }),
                Happening::CloudDone(id) => cloud_said(&mut session, done(id)),
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
                    Action::Cloud(HostRequest::Escalate { id, .. }) => {
                        browser.cloud.insert(*id);
                    }
                    Action::Cloud(HostRequest::Cancel { id } | HostRequest::Consent { id, .. }) => {
                        prop_assert!(browser.cloud.contains(id) && browser.open.contains(id));
                    }
                    Action::Cloud(other) => panic!("{other:?}"),
                    Action::Work(_)
                    | Action::Status { .. }
                    | Action::Pack(_)
                    | Action::Update(_)
                    | Action::Personal(_) => {}
                    Action::Cancel { id } => {
                        prop_assert!(browser.open.contains(id) && !browser.cloud.contains(id));
                    }
                }
            }
            prop_assert!(browser.open.len() <= MAX_IN_FLIGHT);
        }
        for event in session.worker_lost(&lost()) {
            browser.heard(&event)?;
        }
        // A worker that is gone ends nothing of the endpoint's.
        prop_assert_eq!(&browser.open, &browser.cloud);
        for id in browser.cloud.clone() {
            let event = session.cloud_said(HostEvent::Error { id, error: lost() });
            browser.heard(&event.expect("it was in flight"))?;
        }
        prop_assert!(browser.open.is_empty(), "left hanging: {:?}", browser.open);
        prop_assert!(session.is_idle());
    }
}

fn cloud_said(session: &mut Session, event: HostEvent) -> Vec<Action> {
    session
        .cloud_said(event)
        .map(Action::Reply)
        .into_iter()
        .collect()
}

fn escalate(id: u32) -> HostRequest {
    let tier = TierState {
        health: TierHealth::Ready,
        context_tokens: 0,
        tokens_per_s: None,
        failures: 0,
    };
    let cloud = CloudState {
        readiness: CloudReadiness::Unknown,
        context_tokens: 0,
    };
    let escalation = Escalation {
        task: CloudTask::Summarize {
            text: "A text.".into(),
            length: SummaryLength::Short,
        },
        site: None,
        site_rule: SiteRule::Normal,
        state: RouteState {
            browser: tier,
            host: tier,
            cloud,
            attempts: vec![],
        },
        own_terms: vec![],
        edits: RedactionEdits::default(),
    };
    HostRequest::Escalate { id, escalation }
}

fn consent(id: u32) -> HostRequest {
    let answer = ConsentAnswer {
        nonce: String::new(),
        payload_sha256: String::new(),
        choice: ConsentChoice::Once,
    };
    HostRequest::Consent { id, answer }
}

#[test]
fn what_the_user_takes_back_is_taken_back_however_much_is_going_on() {
    let mut session = greeted();
    for id in 1..=MAX_IN_FLIGHT as u32 {
        session.received(Ok(chat(id)));
    }
    let revoke = HostRequest::Revoke { id: 99, site: None };
    assert_eq!(
        session.received(Ok(revoke.clone())),
        [Action::Cloud(revoke)]
    );
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
