//! The whole chain but the network: each fault has a clear message with its code, keeps what was there, is not tried for
//! ever, and costs what it costs.

use std::sync::{Arc, Mutex};

use sotto_core::protocol::*;
use sotto_host::cloud::{
    Desk, Endpoint, EndpointConfig, KeyFile, News, Price, SetupError, TaskCourier, Telling,
    Timeouts, now_ms,
};
use sotto_host::store::Store;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::support::*;

type Connect = Box<dyn Fn(&Endpoint) -> Result<Scripted, SetupError>>;

/// A desk with the real courier, and a scripted endpoint behind it.
struct Chain {
    desk: Desk<TaskCourier<Connect>, SharedSetup>,
    news: UnboundedReceiver<News>,
    script: Arc<Script>,
    store: Arc<Mutex<Store>>,
    next_id: u32,
    _home: tempfile::TempDir,
}

/// How one request ended.
#[derive(Debug)]
struct End {
    text: String,
    result: Result<AnswerInfo, WireError>,
}

impl End {
    fn code(&self) -> ErrorCode {
        self.result.as_ref().expect_err("a fault").code
    }
}

impl Chain {
    fn new(endpoint: Endpoint, tries: impl IntoIterator<Item = Try>) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Mutex::new(Store::open(home.path()).expect("a database")));
        let script = Script::new(tries);
        let behind = Arc::clone(&script);
        let connect: Connect = Box::new(move |endpoint| {
            Ok(Scripted {
                script: Arc::clone(&behind),
                endpoint: endpoint.clone(),
            })
        });
        let (sender, news) = unbounded_channel();
        let key_file = KeyFile::new(home.path());
        let courier = TaskCourier::new(
            connect,
            Timeouts::default(),
            Arc::clone(&store),
            key_file,
            sender,
        );
        Self {
            desk: Desk::new(
                courier,
                SharedSetup(Arc::new(Mutex::new(setup(&endpoint)))),
                Arc::clone(&store),
            ),
            news,
            script,
            store,
            next_id: 0,
            _home: home,
        }
    }

    /// Asks, says yes, and waits for the end.
    async fn ask(&mut self, text: &str) -> End {
        self.next_id += 1;
        let id = self.next_id;
        let tellings = self.desk.handle(
            HostRequest::Escalate {
                id,
                escalation: escalation(text, None),
            },
            now_ms(),
        );
        let mut tellings = match &tellings[..] {
            [Telling::Event(HostEvent::Consent { request, .. })] => {
                let answer = yes(request, ConsentChoice::Once);
                self.desk
                    .handle(HostRequest::Consent { id, answer }, now_ms())
            }
            _ => tellings,
        };
        let mut text = String::new();
        loop {
            for telling in tellings {
                match telling {
                    Telling::Event(HostEvent::Delta { text: more, .. }) => text += &more,
                    Telling::Event(HostEvent::Done { answer, .. }) => {
                        return End {
                            text,
                            result: Ok(answer),
                        };
                    }
                    Telling::Event(HostEvent::Error { error, .. }) => {
                        return End {
                            text,
                            result: Err(error),
                        };
                    }
                    other => panic!("{other:?}"),
                }
            }
            let news = self.news.recv().await.expect("news");
            tellings = self.desk.heard(news, now_ms());
        }
    }

    /// The names of everything that was recorded, and that the record is whole and without a word of what was asked.
    fn recorded(&self, text: &str) -> Vec<String> {
        let store = lock(&self.store);
        assert!(store.verify_audit(None).expect("readable").is_whole());
        let mut recorded = Vec::new();
        store
            .each_record(|json| {
                assert!(!json.contains(text), "{json}");
                let record: serde_json::Value = serde_json::from_str(json).expect("JSON");
                let event = &record["event"];
                let mut name = event["type"].as_str().expect("a name").to_owned();
                for field in ["reason", "outcome", "status"] {
                    match &event[field] {
                        serde_json::Value::Null => {}
                        serde_json::Value::String(value) => name += &format!(" {value}"),
                        value => name += &format!(" {value}"),
                    }
                }
                recorded.push(name);
            })
            .expect("readable");
        recorded
    }

    fn spent(&self) -> u32 {
        lock(&self.store).spent_micros(now_ms()).expect("readable")
    }
}

fn chain(tries: impl IntoIterator<Item = Try>) -> Chain {
    Chain::new(endpoint("https://llm.example/v1"), tries)
}

#[test]
fn an_answer_comes_through() {
    with_paused_time(async {
        let mut chain = chain([stream(&["Hel", "lo"])]);
        let end = chain.ask("Hi").await;
        assert_eq!(end.text, "Hello");
        assert_eq!(end.result.expect("an answer").engine.tier, Tier::Cloud);
        assert_eq!(chain.script.payloads().len(), 1);
    });
}

#[test]
fn each_fault_has_its_code_and_message_and_no_storm() {
    let streamed = |last| Try::Stream(vec![Piece::Bytes(chunk("So far")), last]);
    let long = Piece::Bytes(b": filler\n".repeat(100_000));
    for (fault, code, kept, tries, words) in [
        (
            Try::Refuse,
            ErrorCode::CloudUnreachable,
            "",
            3,
            "could not be reached",
        ),
        (
            Try::Status(401, None),
            ErrorCode::CloudUnauthorized,
            "",
            1,
            "does not accept the key",
        ),
        (
            Try::Status(429, Some(30)),
            ErrorCode::CloudRateLimited,
            "",
            1,
            "asks to wait 30 seconds",
        ),
        (
            Try::Status(429, None),
            ErrorCode::CloudRateLimited,
            "",
            3,
            "wants fewer requests",
        ),
        (
            Try::Status(500, None),
            ErrorCode::CloudFailed,
            "",
            3,
            "failed (status 500)",
        ),
        (
            Try::Status(302, None),
            ErrorCode::CloudRedirected,
            "",
            1,
            "another address",
        ),
        (
            Try::Silence,
            ErrorCode::CloudTimeout,
            "",
            1,
            "silent for 3 minutes",
        ),
        (
            streamed(Piece::Trickle(b"d".to_vec())),
            ErrorCode::CloudTimeout,
            "So far",
            1,
            "silent for 60 seconds",
        ),
        (
            streamed(Piece::Cut),
            ErrorCode::CloudCut,
            "So far",
            1,
            "broke off",
        ),
        (
            streamed(Piece::Bytes(b"data: \xff\n\n".to_vec())),
            ErrorCode::CloudInvalid,
            "So far",
            1,
            "not UTF-8",
        ),
        (
            Try::Stream(vec![long; 120]),
            ErrorCode::CloudTooLarge,
            "",
            1,
            "longer than 4096 KiB",
        ),
    ] {
        with_paused_time(async {
            let mut chain = chain([fault.clone()]);
            let end = chain.ask("Hi").await;
            assert_eq!((end.code(), end.text.as_str()), (code, kept));
            let error = end.result.expect_err("a fault");
            assert!(error.message.contains(words), "{}", error.message);
            assert_eq!(error.retryable, code.retryable());
            assert_eq!(chain.script.payloads().len(), tries, "{code:?}");
            let recorded = chain.recorded("Hi");
            let (last, before) = recorded.split_last().expect("records");
            assert_eq!(
                before[..3],
                ["decided lesserWay", "consentAsked", "consentGiven"]
            );
            assert_eq!(before[3..], vec!["sent"; tries], "one for each try");
            let name = serde_json::to_value(code).expect("a name");
            let ended = format!("ended {}", name.as_str().expect("a name"));
            assert!(last.starts_with(&ended), "{last}");
        });
    }
}

#[test]
fn retries_need_room_in_the_limits_too() {
    with_paused_time(async {
        let endpoint = endpoint_with(|config| config.per_day = 2);
        let mut chain = Chain::new(endpoint, [Try::Status(500, None)]);
        let end = chain.ask("Hi").await;
        assert_eq!(end.code(), ErrorCode::CloudThrottled);
        assert_eq!(chain.script.payloads().len(), 2);
        assert_eq!(
            chain.recorded("Hi")[3..],
            ["sent", "sent", "ended cloudThrottled"]
        );
        // Not even a question any more.
        assert_eq!(chain.ask("Hi").await.code(), ErrorCode::CloudForbidden);
        assert_eq!(chain.script.payloads().len(), 2);
        assert_eq!(chain.recorded("Hi")[6..], ["decided cloudThrottled"]);
    });
}

#[test]
fn a_minute_has_its_requests() {
    with_paused_time(async {
        let endpoint = endpoint_with(|config| config.per_minute = 2);
        let mut chain = Chain::new(endpoint, [stream(&["a"])]);
        assert!(chain.ask("Hi").await.result.is_ok());
        assert!(chain.ask("Hi").await.result.is_ok());
        let end = chain.ask("Hi").await;
        assert_eq!(end.code(), ErrorCode::CloudThrottled);
        assert_eq!(chain.script.payloads().len(), 2);
    });
}

/// A million of anything costs a million units.
fn priced(config: &mut EndpointConfig) {
    config.price = Some(Price {
        input_micros: 1_000_000,
        output_micros: 1_000_000,
        currency: "EUR".into(),
    });
}

#[test]
fn what_was_spent_is_what_the_endpoint_says_or_what_it_could_have_been() {
    with_paused_time(async {
        let refused = Try::Status(401, None);
        let cut = Try::Stream(vec![Piece::Bytes(chunk("So")), Piece::Cut]);
        let mut chain = Chain::new(endpoint_with(priced), [stream(&["a"]), refused, cut]);
        assert!(chain.ask("Hi").await.result.is_ok());
        // Nine tokens in and three out.
        assert_eq!(chain.spent(), 12);
        assert_eq!(chain.ask("Hi").await.code(), ErrorCode::CloudUnauthorized);
        assert_eq!(chain.spent(), 12, "a refusal costs nothing");
        assert_eq!(chain.ask("Hi").await.code(), ErrorCode::CloudCut);
        assert!(
            chain.spent() > 12 + 1_024,
            "nobody knows what this one cost"
        );
    });
}

#[test]
fn a_cap_is_not_passed() {
    with_paused_time(async {
        let endpoint = endpoint_with(|config| {
            priced(config);
            // One answer can come to 1,024 tokens and its question to some 150.
            config.cap_micros = Some(2_000);
        });
        let cut = Try::Stream(vec![Piece::Bytes(chunk("So")), Piece::Cut]);
        let mut chain = Chain::new(endpoint, [cut]);
        assert_eq!(chain.ask("Hi").await.code(), ErrorCode::CloudCut);
        assert_eq!(chain.ask("Hi").await.code(), ErrorCode::CloudBudgetSpent);
        assert_eq!(chain.script.payloads().len(), 1);
    });
}

#[test]
fn revoking_closes_the_connection_in_the_middle() {
    with_paused_time(async {
        let mut chain = chain([Try::Stream(vec![Piece::Bytes(chunk("So")), Piece::Hang])]);
        let asked = chain.desk.handle(
            HostRequest::Escalate {
                id: 1,
                escalation: escalation("Hi", None),
            },
            now_ms(),
        );
        let answer = yes(&question(&asked, 1), ConsentChoice::Once);
        assert_eq!(
            chain
                .desk
                .handle(HostRequest::Consent { id: 1, answer }, now_ms()),
            []
        );
        let first = chain.news.recv().await.expect("news");
        assert!(matches!(first, News::Text { id: 1, .. }));
        let told = chain
            .desk
            .handle(HostRequest::Revoke { id: 2, site: None }, now_ms());
        assert_eq!(code(&told[..1], 1), ErrorCode::ConsentRevoked);
        // The task is gone: with time standing still, only its timeout could be heard, and it is not.
        drop(chain.desk);
        assert!(chain.news.recv().await.is_none());
    });
}

#[test]
fn a_locked_key_is_asked_for_and_an_unlocked_one_is_used() {
    with_paused_time(async {
        let endpoint = endpoint_with(|config| config.key = sotto_host::cloud::KeyPlace::File);
        let mut chain = Chain::new(endpoint.clone(), [stream(&["a"])]);
        let file = KeyFile::new(chain._home.path());
        let key = sotto_host::cloud::ApiKey::new("sk-1".into()).expect("a key");
        file.write(&endpoint.origin(), &key, "a long passphrase".into())
            .expect("written");
        assert_eq!(chain.ask("Hi").await.code(), ErrorCode::CloudKeyLocked);
        assert!(chain.script.payloads().is_empty());
        assert_eq!(
            chain.recorded("Hi")[2..],
            ["consentGiven", "blocked cloudKeyLocked"]
        );
        for (id, passphrase, is_right) in [(7, "another", false), (8, "a long passphrase", true)] {
            let passphrase = Passphrase(passphrase.into());
            assert_eq!(
                chain
                    .desk
                    .handle(HostRequest::UnlockKey { id, passphrase }, now_ms()),
                []
            );
            let news = chain.news.recv().await.expect("news");
            let told = chain.desk.heard(news, now_ms());
            match is_right {
                true => assert_eq!(told, [Telling::Status(id)]),
                false => assert_eq!(code(&told, id), ErrorCode::CloudKeyLocked),
            }
        }
        assert_eq!(chain.desk.status(now_ms()).key, KeyState::Ready);
        assert!(chain.ask("Hi").await.result.is_ok());
    });
}
