//! One token, a few tries, one answer: the client against a scripted endpoint.

use std::time::Duration;

use sotto_core::protocol::{Coded, ErrorCode};
use sotto_host::cloud::{Client, CloudError, Completed, Finish, Timeouts, Usage};
use tokio::time::Instant;

use super::support::*;

/// What came of sending once.
struct Outcome {
    result: Result<Completed, CloudError>,
    text: String,
    /// Waits between tries.
    waits_ms: Vec<u128>,
    tries: u32,
    took: Duration,
}

impl Outcome {
    fn code(&self) -> ErrorCode {
        self.result.as_ref().expect_err("a fault").code()
    }
}

fn send(tries: impl IntoIterator<Item = Try>) -> Outcome {
    with_paused_time(async {
        let script = Script::new(tries);
        let endpoint = endpoint("https://llm.example/v1");
        let transport = Scripted {
            script: script.clone(),
            endpoint: endpoint.clone(),
        };
        let client = Client::new(transport, Timeouts::default());
        let gate = OpenGate::default();
        let start = Instant::now();
        let mut text = String::new();
        let token = token(&endpoint, "Hello", NOW);
        let result = client
            .send(token, None, &gate, |piece| text.push_str(piece))
            .await;
        Outcome {
            result,
            text,
            waits_ms: script.waits_ms(),
            tries: gate.admitted(),
            took: start.elapsed(),
        }
    })
}

#[test]
fn a_stream_becomes_a_text() {
    let outcome = send([stream(&["Hel", "lo", " 語"])]);
    assert_eq!(outcome.text, "Hello 語");
    let completed = outcome.result.expect("an answer");
    assert_eq!(completed.finish, Finish::Complete);
    assert_eq!(
        completed.usage,
        Some(Usage {
            input_tokens: 9,
            output_tokens: 3
        })
    );
    assert_eq!(outcome.tries, 1);
}

#[test]
fn pieces_may_be_cut_anywhere() {
    let bytes = [chunk("naïve "), chunk("語"), end()].concat();
    let pieces = bytes.iter().map(|&byte| Piece::Bytes(vec![byte])).collect();
    let outcome = send([Try::Stream(pieces)]);
    assert!(outcome.result.is_ok());
    assert_eq!(outcome.text, "naïve 語");
}

#[test]
fn a_stream_without_done_is_complete_if_it_says_why_it_ended() {
    let last =
        b"data: {\"choices\":[{\"delta\":{\"content\":\"!\"},\"finish_reason\":\"length\"}]}\n\n"
            .to_vec();
    let outcome = send([Try::Stream(vec![
        Piece::Bytes(chunk("Hi")),
        Piece::Bytes(last),
    ])]);
    assert_eq!(outcome.result.expect("an answer").finish, Finish::Length);
    let outcome = send([Try::Stream(vec![Piece::Bytes(chunk("Hi"))])]);
    assert_eq!(
        (outcome.code(), outcome.text.as_str()),
        (ErrorCode::CloudCut, "Hi")
    );
}

#[test]
fn a_server_that_fails_is_tried_three_times_and_then_left_alone() {
    for status in [500, 502, 503, 504] {
        let outcome = send([Try::Status(status, None)]);
        assert_eq!(outcome.code(), ErrorCode::CloudFailed);
        assert_eq!(outcome.waits_ms, [500, 1_000], "{status}");
        assert_eq!(outcome.tries, 3);
    }
    let outcome = send([Try::Refuse]);
    assert_eq!(
        (outcome.code(), outcome.tries),
        (ErrorCode::CloudUnreachable, 3)
    );
}

#[test]
fn a_second_try_can_succeed() {
    let outcome = send([Try::Status(500, None), Try::Refuse, stream(&["There."])]);
    assert!(outcome.result.is_ok());
    assert_eq!((outcome.text.as_str(), outcome.tries), ("There.", 3));
}

#[test]
fn a_server_that_asks_to_wait_is_given_its_time_or_up() {
    let outcome = send([Try::Status(429, Some(7)), stream(&["Now."])]);
    assert_eq!(
        (outcome.text.as_str(), outcome.waits_ms),
        ("Now.", vec![7_000])
    );
    let outcome = send([Try::Status(429, Some(3_600))]);
    assert_eq!(
        (outcome.code(), outcome.tries),
        (ErrorCode::CloudRateLimited, 1)
    );
    let message = outcome.result.expect_err("a fault").to_string();
    assert!(message.contains("It asks to wait 60 minutes."), "{message}");
}

#[test]
fn what_is_refused_for_good_is_sent_once() {
    for (status, code) in [
        (400, ErrorCode::CloudRejected),
        (401, ErrorCode::CloudUnauthorized),
        (403, ErrorCode::CloudUnauthorized),
        (404, ErrorCode::CloudRejected),
        (413, ErrorCode::CloudRejected),
        (501, ErrorCode::CloudFailed),
        (301, ErrorCode::CloudRedirected),
        (307, ErrorCode::CloudRedirected),
        (200, ErrorCode::CloudInvalid),
        (204, ErrorCode::CloudInvalid),
        (101, ErrorCode::CloudInvalid),
        (999, ErrorCode::CloudInvalid),
    ] {
        let outcome = send([Try::Status(status, None)]);
        assert_eq!((outcome.code(), outcome.tries), (code, 1), "{status}");
        assert!(outcome.took.is_zero());
    }
}

#[test]
fn nothing_is_tried_again_once_something_was_streamed() {
    let begun = |last| Try::Stream(vec![Piece::Bytes(chunk("Once upon")), last]);
    let reported = b"data: {\"error\":{\"message\":\"overloaded\"}}\n\n".to_vec();
    for (last, code) in [
        (Piece::Cut, ErrorCode::CloudCut),
        (Piece::Hang, ErrorCode::CloudTimeout),
        (Piece::Bytes(reported), ErrorCode::CloudFailed),
        (
            Piece::Bytes(b"data: \xff\xfe\n\n".to_vec()),
            ErrorCode::CloudInvalid,
        ),
        (
            Piece::Bytes(b"data: <html>\n\n".to_vec()),
            ErrorCode::CloudInvalid,
        ),
    ] {
        let outcome = send([begun(last)]);
        assert_eq!((outcome.code(), outcome.tries), (code, 1));
        assert_eq!(outcome.text, "Once upon", "what was there stays");
    }
}

#[test]
fn silence_ends() {
    let outcome = send([Try::Silence]);
    assert_eq!(
        (outcome.code(), outcome.tries),
        (ErrorCode::CloudTimeout, 1)
    );
    assert_eq!(outcome.took, Timeouts::default().head);
    // It may be at work, and would ask for money twice.
    let outcome = send([Try::Stream(vec![
        Piece::Bytes(chunk("a")),
        Piece::Wait(59),
        Piece::Bytes(chunk("b")),
        Piece::Hang,
    ])]);
    assert_eq!(
        (outcome.code(), outcome.text.as_str()),
        (ErrorCode::CloudTimeout, "ab")
    );
    assert_eq!(outcome.took, Duration::from_secs(59 + 60));
}

#[test]
fn a_server_that_trickles_is_given_up() {
    // A byte a second, and comments that keep the connection alive: never an event.
    for bytes in [b"d".as_slice(), b": ping\n\n"] {
        let outcome = send([Try::Stream(vec![Piece::Trickle(bytes.to_vec())])]);
        assert_eq!(
            (outcome.code(), outcome.tries),
            (ErrorCode::CloudTimeout, 1)
        );
        assert_eq!(outcome.took, Timeouts::default().idle);
    }
    // A word a second, for ever.
    let outcome = send([Try::Stream(vec![Piece::Trickle(chunk("no "))])]);
    assert_eq!(outcome.code(), ErrorCode::CloudTimeout);
    assert_eq!(outcome.took, Timeouts::default().total);
}

#[test]
fn an_answer_without_end_is_cut() {
    let noise = Piece::Bytes(b": filler\n".repeat(1_000));
    let outcome = send([Try::Stream(vec![noise; 12_000])]);
    assert_eq!(outcome.code(), ErrorCode::CloudTooLarge);
    let words = Piece::Bytes(chunk(&"word ".repeat(1_000)));
    let outcome = send([Try::Stream(vec![words; 20_000])]);
    assert_eq!(outcome.code(), ErrorCode::CloudTooLarge);
    assert!(outcome.text.len() <= 256 * 1024);
}

#[test]
fn a_token_is_for_its_endpoint_and_its_time() {
    with_paused_time(async {
        let here = endpoint("https://llm.example/v1");
        let script = Script::new([stream(&["no"])]);
        let transport = Scripted {
            script: script.clone(),
            endpoint: here.clone(),
        };
        let client = Client::new(transport, Timeouts::default());
        let gate = OpenGate::default();
        let elsewhere = endpoint("https://other.example/v1");
        for token in [
            token(&elsewhere, "Hello", NOW),
            token(&here, "Hello", NOW - 120_000),
            token(&here, "Hello", NOW + 1),
        ] {
            let error = client
                .send(token, None, &gate, |_| panic!("nothing is said"))
                .await
                .expect_err("refused");
            assert_eq!(error.code(), ErrorCode::ConsentInvalid);
        }
        assert!(script.payloads().is_empty());
    });
}
