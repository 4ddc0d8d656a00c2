//! From `escalate` to what may be sent, and back: the desk with a courier that only writes down.

use std::path::Path;
use std::time::Duration;

use sotto_core::protocol::*;
use sotto_host::cloud::{
    CloudError, Completed, EnterprisePolicy, Finish, KeyPlace, News, Price, Telling, Usage,
};

use super::support::*;

const SITE: &str = "https://mail.example";

fn completed() -> Completed {
    Completed {
        finish: Finish::Complete,
        usage: Some(Usage {
            input_tokens: 12,
            output_tokens: 5,
        }),
        first_text: Duration::from_secs(1),
        total: Duration::from_secs(2),
    }
}

#[test]
fn nothing_goes_out_before_a_yes_and_then_exactly_what_was_shown() {
    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation("What is rust?", Some(SITE)));
    assert_eq!(bench.sent(), []);
    assert_eq!(shown.endpoint.origin, "https://llm.example");
    assert_eq!(shown.limit, Limit::LesserWay);
    assert_eq!(shown.payload_bytes as usize, shown.payload.len());
    assert_eq!(shown.site.as_deref(), Some(SITE));
    assert!(shown.payload.contains("What is rust?"));
    assert_eq!(bench.answer(1, yes(&shown, ConsentChoice::Once)), []);
    assert_eq!(bench.sent(), [(1, shown.payload.clone())]);
    // The same answer again is nothing.
    assert_eq!(bench.answer(1, yes(&shown, ConsentChoice::Once)), []);
    assert_eq!(bench.sent().len(), 1);

    let text = bench.desk.heard(
        News::Text {
            id: 1,
            text: "A language.".into(),
        },
        NOW,
    );
    assert_eq!(
        text,
        [Telling::Event(HostEvent::Delta {
            id: 1,
            text: "A language.".into()
        })]
    );
    let last = bench.desk.heard(
        News::Ended {
            id: 1,
            result: Ok(completed()),
            has_left: true,
        },
        NOW,
    );
    let [Telling::Event(HostEvent::Done { id: 1, answer })] = &last[..] else {
        panic!("{last:?}")
    };
    assert_eq!(
        (answer.engine.tier, answer.kind),
        (Tier::Cloud, AnswerKind::Reply)
    );
    assert_eq!(answer.engine.reason, "You looked at it and sent it.");
    assert_eq!((answer.timing.tokens, answer.timing.prompt_tokens), (5, 12));
    // Late news of it are none.
    assert_eq!(
        bench.desk.heard(
            News::Text {
                id: 1,
                text: "x".into()
            },
            NOW
        ),
        []
    );
    assert_eq!(
        bench.desk.heard(
            News::Ended {
                id: 1,
                result: Ok(completed()),
                has_left: true
            },
            NOW
        ),
        []
    );
}

#[test]
fn a_no_sends_nothing_and_the_question_is_over() {
    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation("Hello", None));
    assert_eq!(
        code(&bench.answer(1, yes(&shown, ConsentChoice::No)), 1),
        ErrorCode::ConsentDeclined
    );
    assert_eq!(bench.answer(1, yes(&shown, ConsentChoice::Once)), []);
    assert_eq!(bench.sent(), []);
}

#[test]
fn every_difference_sends_nothing() {
    let answers: [fn(&mut ConsentAnswer); 3] = [
        |answer| answer.nonce = "00".repeat(16),
        |answer| answer.payload_sha256 = "00".repeat(32),
        |answer| answer.payload_sha256 = String::new(),
    ];
    for change in answers {
        let mut bench = Bench::new();
        let shown = bench.asked(1, escalation("Hello", None));
        let mut answer = yes(&shown, ConsentChoice::Once);
        change(&mut answer);
        assert_eq!(code(&bench.answer(1, answer), 1), ErrorCode::ConsentInvalid);
        assert_eq!(bench.sent(), []);
    }
    // Of what lies between the question and the answer.
    type Change = fn(&mut Bench);
    let changes: [(Change, ErrorCode); 6] = [
        (
            |bench| lock(&bench.setup).endpoint = Ok(Some(endpoint("https://evil.example/v1"))),
            ErrorCode::ConsentInvalid,
        ),
        (
            |bench| {
                lock(&bench.setup).endpoint =
                    Ok(Some(endpoint_with(|config| config.model = "other".into())))
            },
            ErrorCode::ConsentInvalid,
        ),
        (
            |bench| lock(&bench.setup).endpoint = Ok(None),
            ErrorCode::CloudForbidden,
        ),
        (
            |bench| lock(&bench.setup).setting = CloudSetting::Off,
            ErrorCode::CloudForbidden,
        ),
        (
            |bench| bench.now_ms += 10 * 60 * 1_000,
            ErrorCode::ConsentInvalid,
        ),
        (|bench| bench.now_ms -= 1, ErrorCode::ConsentInvalid),
    ];
    for (change, expected) in changes {
        let mut bench = Bench::new();
        let shown = bench.asked(1, escalation("Hello", None));
        change(&mut bench);
        assert_eq!(
            code(&bench.answer(1, yes(&shown, ConsentChoice::Once)), 1),
            expected
        );
        assert_eq!(bench.sent(), []);
    }
}

#[test]
fn the_host_decides_again() {
    let no = |change: &dyn Fn(&mut Bench, &mut Escalation)| {
        let mut bench = Bench::new();
        let mut escalation = escalation("Hello", Some(SITE));
        change(&mut bench, &mut escalation);
        let tellings = bench.escalate(1, escalation);
        assert_eq!(bench.sent(), []);
        let [Telling::Event(HostEvent::Error { id: 1, error })] = &tellings[..] else {
            panic!("{tellings:?}")
        };
        assert_eq!(error.code, ErrorCode::CloudForbidden);
        error.message.clone()
    };
    assert!(
        no(&|bench, _| lock(&bench.setup).setting = CloudSetting::Off).contains("switched off")
    );
    assert!(
        no(&|bench, _| lock(&bench.setup).enterprise = EnterprisePolicy::read(Path::new("/")))
            .contains("administers")
    );
    assert!(
        no(&|_, escalation| escalation.site_rule = SiteRule::LocalOnly)
            .contains("stays on the device")
    );
    assert!(
        no(&|_, escalation| escalation.site_rule = SiteRule::Off).contains("stays on the device")
    );
    assert!(no(&|bench, _| lock(&bench.setup).endpoint = Ok(None)).contains("No endpoint"));
    assert!(
        no(&|bench, _| lock(&bench.setup).endpoint =
            Ok(Some(endpoint_with(|config| config.context_tokens = 700))))
        .contains("too long")
    );
    // Whatever the extension says of an endpoint, or leaves out of what was tried.
    assert!(no(&|_, escalation| escalation.state.attempts.clear()).contains("larger model"));
    assert!(
        no(&|_, escalation| escalation.state.attempts[0].outcome = AttemptOutcome::Cancelled)
            .contains("stopped")
    );
}

#[test]
fn what_is_no_request_is_refused() {
    let mut bench = Bench::new();
    assert_eq!(
        code(&bench.escalate(1, escalation(" ", None)), 1),
        ErrorCode::BadRequest
    );
    let mut long = escalation("Hello", None);
    long.edits.added = vec!["x".into(); 201];
    assert_eq!(code(&bench.escalate(2, long), 2), ErrorCode::BadRequest);
    assert_eq!(
        code(&bench.escalate(3, escalation(&"a".repeat(40_000), None)), 3),
        ErrorCode::TooLarge
    );
}

#[test]
fn a_payload_that_cannot_be_shown_is_not_sent() {
    let mut bench = Bench::with(setup(&endpoint_with(|config| {
        config.context_tokens = u32::MAX
    })));
    let mut escalation = escalation("x", None);
    // Each of these takes seven bytes in the message that shows it.
    let noise = |units| "\u{1}".repeat(units - 1) + "a";
    let text = noise(MAX_CHAT_UTF16 as usize);
    let page = PageText {
        title: String::new(),
        text: noise(MAX_SUMMARIZE_UTF16 as usize),
    };
    escalation.task = CloudTask::Chat {
        messages: vec![ChatMessage {
            role: ChatRole::User,
            text,
        }],
        page: Some(page),
    };
    assert_eq!(code(&bench.escalate(1, escalation), 1), ErrorCode::TooLarge);
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_permission_for_a_site_sends_without_asking_until_it_ends() {
    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation("One", Some(SITE)));
    bench.answer(1, yes(&shown, ConsentChoice::Site { minutes: 30 }));
    bench.now_ms += 29 * 60_000;
    assert_eq!(bench.escalate(2, escalation("Two", Some(SITE))), []);
    assert_eq!(lock(&bench.courier.0).sent.len(), 2);
    let last = bench.desk.heard(
        News::Ended {
            id: 2,
            result: Ok(completed()),
            has_left: true,
        },
        bench.now_ms,
    );
    let [Telling::Event(HostEvent::Done { answer, .. })] = &last[..] else {
        panic!("{last:?}")
    };
    assert_eq!(
        answer.engine.reason,
        "Sent under your permission for https://mail.example."
    );
    // Not for others, not for an endpoint that was changed, not for longer.
    bench.asked(3, escalation("Three", Some("https://other.example")));
    bench.asked(4, escalation("Four", None));
    let status = bench.desk.status(bench.now_ms);
    assert_eq!(
        status.scopes,
        [ConsentScope {
            site: SITE.into(),
            expires_in_s: 60
        }]
    );
    lock(&bench.setup).endpoint = Ok(Some(endpoint("https://llm.example/v2")));
    bench.asked(5, escalation("Five", Some(SITE)));
    lock(&bench.setup).endpoint = Ok(Some(endpoint("https://llm.example/v1")));
    bench.now_ms += 60_000;
    bench.asked(6, escalation("Six", Some(SITE)));
    assert_eq!(bench.desk.status(bench.now_ms).scopes, []);
}

#[test]
fn permissions_outlive_the_host_and_are_shared_between_hosts() {
    let mut one = Bench::new();
    let shown = one.asked(1, escalation("One", Some(SITE)));
    one.answer(1, yes(&shown, ConsentChoice::Site { minutes: 30 }));
    let mut two = Bench::new();
    two.desk = sotto_host::cloud::Desk::new(
        two.courier.clone(),
        SharedSetup(two.setup.clone()),
        one.store.clone(),
    );
    assert_eq!(two.escalate(1, escalation("Two", Some(SITE))), []);
    assert_eq!(
        two.handle(HostRequest::Revoke { id: 9, site: None })[1..],
        [Telling::Status(9)]
    );
    one.asked(2, escalation("Three", Some(SITE)));
}

#[test]
fn revoking_stops_what_is_on_its_way_and_what_is_asked() {
    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation("One", Some(SITE)));
    bench.answer(1, yes(&shown, ConsentChoice::Site { minutes: 30 }));
    bench.escalate(2, escalation("Two", Some(SITE)));
    let question = bench.asked(3, escalation("Three", Some("https://other.example")));
    let other = bench.asked(4, escalation("Four", None));
    bench.answer(4, yes(&other, ConsentChoice::Once));

    let told = bench.handle(HostRequest::Revoke {
        id: 10,
        site: Some(SITE.into()),
    });
    let ended = |tellings: &[Telling]| -> Vec<(u32, ErrorCode)> {
        tellings
            .iter()
            .filter_map(|telling| match telling {
                Telling::Event(HostEvent::Error { id, error }) => Some((*id, error.code)),
                _ => None,
            })
            .collect()
    };
    assert_eq!(
        ended(&told),
        [
            (1, ErrorCode::ConsentRevoked),
            (2, ErrorCode::ConsentRevoked)
        ]
    );
    assert_eq!(told.last(), Some(&Telling::Status(10)));
    assert_eq!(lock(&bench.courier.0).aborted, [1, 2]);
    assert_eq!(bench.desk.status(NOW).scopes, []);
    // A word that was already on its way is not shown.
    assert_eq!(
        bench.desk.heard(
            News::Text {
                id: 2,
                text: "late".into()
            },
            NOW
        ),
        []
    );
    // Everything.
    let told = bench.handle(HostRequest::Revoke { id: 11, site: None });
    assert_eq!(
        ended(&told),
        [
            (3, ErrorCode::ConsentRevoked),
            (4, ErrorCode::ConsentRevoked)
        ]
    );
    assert_eq!(bench.answer(3, yes(&question, ConsentChoice::Once)), []);
    assert_eq!(bench.sent().len(), 3);
}

#[test]
fn what_is_stopped_ends_and_its_connection_too() {
    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation("One", None));
    assert_eq!(
        code(&bench.handle(HostRequest::Cancel { id: 1 }), 1),
        ErrorCode::Cancelled
    );
    assert_eq!(bench.answer(1, yes(&shown, ConsentChoice::Once)), []);
    let shown = bench.asked(2, escalation("Two", None));
    bench.answer(2, yes(&shown, ConsentChoice::Once));
    assert_eq!(
        code(&bench.handle(HostRequest::Cancel { id: 2 }), 2),
        ErrorCode::Cancelled
    );
    assert_eq!(lock(&bench.courier.0).aborted, [2]);
    assert_eq!(bench.handle(HostRequest::Cancel { id: 2 }), []);
}

#[test]
fn what_the_user_hides_is_not_in_the_payload_and_comes_back_in_the_answer() {
    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation("Does Project Falcon ship?", None));
    assert!(shown.payload.contains("Falcon"));
    let edits = RedactionEdits {
        lifted: vec![],
        added: vec!["Project Falcon".into()],
    };
    let again = question(
        &bench.answer(1, yes(&shown, ConsentChoice::Revise { edits })),
        1,
    );
    assert!(!again.payload.contains("Falcon"), "{}", again.payload);
    assert_ne!(again.nonce, shown.nonce);
    let [replacement] = &again.replacements[..] else {
        panic!("{:?}", again.replacements)
    };
    assert_eq!(
        (replacement.original.as_str(), replacement.count),
        ("Project Falcon", 1)
    );
    assert!(again.payload.contains(&replacement.placeholder));
    // A yes to what was shown before is no yes to this.
    let mut bench_two = Bench::new();
    let first = bench_two.asked(1, escalation("Does Project Falcon ship?", None));
    let edits = RedactionEdits {
        lifted: vec![],
        added: vec!["Project Falcon".into()],
    };
    question(
        &bench_two.answer(1, yes(&first, ConsentChoice::Revise { edits })),
        1,
    );
    assert_eq!(
        code(&bench_two.answer(1, yes(&first, ConsentChoice::Once)), 1),
        ErrorCode::ConsentInvalid
    );

    bench.answer(1, yes(&again, ConsentChoice::Once));
    assert_eq!(bench.sent(), [(1, again.payload.clone())]);
    // In pieces, as models write.
    let mut text = String::new();
    let answer = format!("{} ships [soon].", replacement.placeholder);
    for letter in answer.chars() {
        for telling in bench.desk.heard(
            News::Text {
                id: 1,
                text: letter.into(),
            },
            NOW,
        ) {
            if let Telling::Event(HostEvent::Delta { text: more, .. }) = telling {
                text += &more;
            }
        }
    }
    assert_eq!(text, "Project Falcon ships [soon].");
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_not_offered_for_a_minute() {
    let mut bench = Bench::new();
    let shown = bench.asked(1, escalation("One", None));
    bench.answer(1, yes(&shown, ConsentChoice::Once));
    let told = bench.desk.heard(
        News::Ended {
            id: 1,
            result: Err(CloudError::Unreachable("x".into())),
            has_left: true,
        },
        NOW,
    );
    assert_eq!(code(&told, 1), ErrorCode::CloudUnreachable);
    assert_eq!(
        bench.desk.status(NOW).state.readiness,
        CloudReadiness::Unreachable
    );
    assert_eq!(
        code(&bench.escalate(2, escalation("Two", None)), 2),
        ErrorCode::CloudForbidden
    );
    bench.now_ms += 60_000;
    bench.asked(3, escalation("Three", None));
}

#[test]
fn the_sheet_shows_what_it_could_cost_and_whether_a_key_is_locked() {
    let endpoint = endpoint_with(|config| {
        config.price = Some(Price {
            input_micros: 3_000_000,
            output_micros: 15_000_000,
            currency: "EUR".into(),
        });
        config.cap_micros = Some(100_000_000);
        config.key = KeyPlace::File;
    });
    let mut bench = Bench::with(setup(&endpoint));
    let shown = bench.asked(1, escalation("Hello", None));
    let cost = shown.cost.expect("a price is set up");
    assert_eq!(cost.currency, "EUR");
    // 1,024 tokens of answer alone cost 15,360 millionths.
    assert!((15_361..17_000).contains(&cost.micros), "{}", cost.micros);
    assert_eq!(shown.key, KeyState::Locked);
    let status = bench.desk.status(NOW);
    assert_eq!(status.usage.cap.expect("a cap").micros, 100_000_000);
    assert_eq!(status.usage.spent.expect("a price").micros, 0);
    assert_eq!(
        bench.handle(HostRequest::UnlockKey {
            id: 5,
            passphrase: Passphrase("x".into())
        }),
        []
    );
    assert_eq!(lock(&bench.courier.0).unlocked, [5]);
    assert_eq!(
        bench.desk.heard(
            News::Unlocked {
                id: 5,
                result: Ok(())
            },
            NOW
        ),
        [Telling::Status(5)]
    );
}
