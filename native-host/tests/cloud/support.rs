//! Endpoints, tokens, and an endpoint that does what a script says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use sotto_core::assist::{RemoteMessage, RemotePrompt};
use sotto_core::consent::{ConsentToken, Ledger, Nonce, Payload, Question, Verdict};
use sotto_core::protocol::*;
use sotto_host::cloud::{
    ApiKey, Body, CloudError, Courier, Desk, Dispatch, Endpoint, EndpointConfig, EnterprisePolicy,
    Gate, Head, ReadSetup, Setup, SetupError, Telling, Transport,
};
use sotto_host::store::Store;
use tokio::time::{Instant, sleep};

pub(crate) const NOW: u64 = 1_800_000_000_000;

/// An endpoint at this address.
pub(crate) fn endpoint(url: &str) -> Endpoint {
    let json = serde_json::json!({"name": "Test", "url": url, "model": "m", "contextTokens": 8192});
    let config: EndpointConfig = serde_json::from_value(json).expect("a configuration");
    Endpoint::new(config).expect("an endpoint")
}

/// An endpoint with other fields than usual.
pub(crate) fn endpoint_with(change: impl FnOnce(&mut EndpointConfig)) -> Endpoint {
    let mut config = endpoint("https://llm.example/v1").config().clone();
    change(&mut config);
    Endpoint::new(config).expect("an endpoint")
}

/// A token for `text` as a user's yes gives it: there is no other way to one.
pub(crate) fn token(endpoint: &Endpoint, text: &str, now_ms: u64) -> ConsentToken {
    let prompt = RemotePrompt {
        messages: vec![RemoteMessage {
            role: "user",
            content: text.to_owned(),
        }],
        max_tokens: 64,
    };
    let payload = Payload::new(&prompt, &endpoint.terms());
    let nonce = Nonce([1; 16]);
    let mut ledger = Ledger::default();
    let question = Question {
        payload: &payload,
        endpoint: endpoint.fingerprint(),
        site: None,
    };
    ledger.ask(1, nonce, &question, now_ms);
    let answer = ConsentAnswer {
        nonce: nonce.to_string(),
        payload_sha256: payload.sha256().to_string(),
        choice: ConsentChoice::Once,
    };
    match ledger.answer(1, &answer, payload, endpoint.fingerprint(), now_ms) {
        Ok(Verdict::Send(token)) => token,
        other => panic!("{other:?}"),
    }
}

/// Settings under which `endpoint` is offered.
pub(crate) fn setup(endpoint: &Endpoint) -> Setup {
    Setup {
        endpoint: Ok(Some(endpoint.clone())),
        setting: CloudSetting::Ask,
        enterprise: EnterprisePolicy::NONE,
    }
}

/// A question of which the device said that its model is too small.
pub(crate) fn escalation(text: &str, site: Option<&str>) -> Escalation {
    let tier = TierState {
        health: TierHealth::Ready,
        context_tokens: 2_048,
        tokens_per_s: Some(20.0),
        failures: 0,
    };
    let answer = LocalAnswer {
        kind: AnswerKind::Reply,
        stop: AnswerStop::Complete,
        is_input_cut: false,
        is_lesser_way: true,
        tokens_per_s: None,
        confidence: None,
    };
    Escalation {
        task: CloudTask::Chat {
            messages: vec![ChatMessage {
                role: ChatRole::User,
                text: text.to_owned(),
            }],
            page: None,
        },
        site: site.map(str::to_owned),
        site_rule: SiteRule::Normal,
        state: RouteState {
            browser: tier,
            host: tier,
            cloud: CloudState {
                readiness: CloudReadiness::Unknown,
                context_tokens: 0,
            },
            attempts: vec![Attempt {
                tier: Tier::Host,
                outcome: AttemptOutcome::Answered { answer },
            }],
        },
        own_terms: vec![],
        edits: RedactionEdits::default(),
    }
}

/// A yes to what `request` shows.
pub(crate) fn yes(request: &ConsentRequest, choice: ConsentChoice) -> ConsentAnswer {
    let sum = sotto_core::pack::sha256(request.payload.as_bytes());
    ConsentAnswer {
        nonce: request.nonce.clone(),
        payload_sha256: sum.to_string(),
        choice,
    }
}

/// One event of a stream with this text.
pub(crate) fn chunk(text: &str) -> Vec<u8> {
    let json = serde_json::json!({"choices": [{"index": 0, "delta": {"content": text}}]});
    format!("data: {json}\n\n").into_bytes()
}

/// The end of a stream.
pub(crate) fn end() -> Vec<u8> {
    b"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n".to_vec()
}

/// What an endpoint does with one try.
#[derive(Debug, Clone)]
pub(crate) enum Try {
    /// No connection.
    Refuse,
    /// Takes the connection and says nothing.
    Silence,
    /// Answers with a status and no stream.
    Status(u16, Option<u64>),
    /// Streams.
    Stream(Vec<Piece>),
}

#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    /// For so many seconds nothing.
    Wait(u64),
    /// Nothing, for ever.
    Hang,
    /// The connection breaks.
    Cut,
    /// The same bytes, for ever, a second apart.
    Trickle(Vec<u8>),
}

/// A stream of these texts, and its end.
pub(crate) fn stream(texts: &[&str]) -> Try {
    let mut pieces: Vec<_> = texts.iter().map(|text| Piece::Bytes(chunk(text))).collect();
    pieces.push(Piece::Bytes(end()));
    Try::Stream(pieces)
}

/// An endpoint that does what its script says, try by try; the last entry stays.
#[derive(Debug)]
pub(crate) struct Script {
    tries: Mutex<VecDeque<Try>>,
    seen: Mutex<Vec<(Instant, String)>>,
}

impl Script {
    pub(crate) fn new(tries: impl IntoIterator<Item = Try>) -> Arc<Self> {
        Arc::new(Self {
            tries: Mutex::new(tries.into_iter().collect()),
            seen: Mutex::default(),
        })
    }

    /// What arrived.
    pub(crate) fn payloads(&self) -> Vec<String> {
        lock(&self.seen)
            .iter()
            .map(|(_, payload)| payload.clone())
            .collect()
    }

    /// Waits between one try and the next, in milliseconds.
    pub(crate) fn waits_ms(&self) -> Vec<u128> {
        let seen = lock(&self.seen);
        let pairs = seen.iter().zip(seen.iter().skip(1));
        pairs
            .map(|((before, _), (after, _))| (*after - *before).as_millis())
            .collect()
    }
}

/// A script as a transport for one endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    pub(crate) script: Arc<Script>,
    pub(crate) endpoint: Endpoint,
}

impl Transport for Scripted {
    type Body = ScriptedBody;

    async fn post(
        &self,
        token: &ConsentToken,
        _: Option<&ApiKey>,
        now_ms: u64,
    ) -> Result<Head<ScriptedBody>, CloudError> {
        let payload = token.open(self.endpoint.fingerprint(), now_ms)?;
        lock(&self.script.seen).push((Instant::now(), payload.json().to_owned()));
        let next = {
            let mut tries = lock(&self.script.tries);
            match tries.len() {
                0 => panic!("nobody expected this try"),
                1 => tries[0].clone(),
                _ => tries.pop_front().expect("two or more"),
            }
        };
        let head = |status, retry_after: Option<u64>, is_event_stream, pieces: Vec<Piece>| Head {
            status,
            is_event_stream,
            retry_after: retry_after.map(Duration::from_secs),
            body: ScriptedBody(pieces.into()),
        };
        match next {
            Try::Refuse => Err(CloudError::Unreachable("no connection".into())),
            Try::Silence => std::future::pending().await,
            Try::Status(status, retry_after) => Ok(head(status, retry_after, false, vec![])),
            Try::Stream(pieces) => Ok(head(200, None, true, pieces)),
        }
    }
}

#[derive(Debug)]
pub(crate) struct ScriptedBody(VecDeque<Piece>);

impl Body for ScriptedBody {
    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, CloudError> {
        loop {
            match self.0.pop_front() {
                None => return Ok(None),
                Some(Piece::Bytes(bytes)) => return Ok(Some(bytes)),
                Some(Piece::Wait(seconds)) => sleep(Duration::from_secs(seconds)).await,
                Some(Piece::Hang) => std::future::pending().await,
                Some(Piece::Cut) => return Err(CloudError::Cut(None)),
                Some(Piece::Trickle(bytes)) => {
                    sleep(Duration::from_secs(1)).await;
                    self.0.push_front(Piece::Trickle(bytes.clone()));
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

/// A gate that lets everything out and counts.
#[derive(Debug, Default)]
pub(crate) struct OpenGate(Mutex<u32>);

impl OpenGate {
    pub(crate) fn admitted(&self) -> u32 {
        *lock(&self.0)
    }
}

impl Gate for OpenGate {
    fn admit(&self) -> Result<(), CloudError> {
        *lock(&self.0) += 1;
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        NOW
    }

    fn jitter(&self) -> f64 {
        0.0
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test holds it while it panics")
}

/// Runs `test` while time stands still and jumps when everybody waits.
pub(crate) fn with_paused_time<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(test)
}

/// A courier that only writes down what it is given.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) sent: Vec<(u32, ConsentToken, Endpoint)>,
    pub(crate) aborted: Vec<u32>,
    pub(crate) unlocked: Vec<u32>,
    pub(crate) forgotten: Vec<(u32, Option<Endpoint>)>,
}

/// A recorder that the test can look into.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(pub(crate) Arc<Mutex<Recorder>>);

impl Courier for Shared {
    fn send(&mut self, id: u32, token: ConsentToken, endpoint: &Endpoint, _: Dispatch) {
        lock(&self.0).sent.push((id, token, endpoint.clone()));
    }

    fn abort(&mut self, id: u32) -> bool {
        lock(&self.0).aborted.push(id);
        true
    }

    fn forget(&mut self, id: u32, endpoint: Option<Endpoint>) {
        lock(&self.0).forgotten.push((id, endpoint));
    }

    fn unlock(&mut self, id: u32, _: Passphrase, _: &Endpoint) {
        lock(&self.0).unlocked.push(id);
    }

    fn is_unlocked(&self, _: &Endpoint) -> bool {
        false
    }
}

/// A desk whose settings the test changes.
pub(crate) struct Bench {
    pub(crate) desk: Desk<Shared, SharedSetup>,
    pub(crate) courier: Shared,
    pub(crate) setup: Arc<Mutex<Setup>>,
    pub(crate) store: Arc<Mutex<Store>>,
    pub(crate) now_ms: u64,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(setup(&endpoint("https://llm.example/v1")))
    }

    pub(crate) fn with(setup: Setup) -> Self {
        Self::with_store(setup, Store::in_memory().expect("a database"))
    }

    pub(crate) fn with_store(setup: Setup, store: Store) -> Self {
        let store = Arc::new(Mutex::new(store));
        let setup = Arc::new(Mutex::new(setup));
        let courier = Shared::default();
        let read = SharedSetup(Arc::clone(&setup));
        Self {
            desk: Desk::new(courier.clone(), read, Arc::clone(&store)),
            courier,
            setup,
            store,
            now_ms: NOW,
        }
    }

    pub(crate) fn handle(&mut self, request: HostRequest) -> Vec<Telling> {
        self.desk.handle(request, self.now_ms)
    }

    pub(crate) fn escalate(&mut self, id: u32, escalation: Escalation) -> Vec<Telling> {
        self.handle(HostRequest::Escalate { id, escalation })
    }

    /// Asks and expects a question.
    pub(crate) fn asked(&mut self, id: u32, escalation: Escalation) -> ConsentRequest {
        question(&self.escalate(id, escalation), id)
    }

    pub(crate) fn answer(&mut self, id: u32, answer: ConsentAnswer) -> Vec<Telling> {
        self.handle(HostRequest::Consent { id, answer })
    }

    /// Payloads that went out.
    pub(crate) fn sent(&self) -> Vec<(u32, String)> {
        let recorder = lock(&self.courier.0);
        let payload = |token: &ConsentToken, endpoint: &Endpoint| {
            token
                .open(endpoint.fingerprint(), self.now_ms)
                .map(|payload| payload.json().to_owned())
        };
        let sent = recorder.sent.iter();
        sent.map(|(id, token, endpoint)| (*id, payload(token, endpoint).expect("valid when sent")))
            .collect()
    }
}

/// Settings that the test changes.
#[derive(Debug, Clone)]
pub(crate) struct SharedSetup(pub(crate) Arc<Mutex<Setup>>);

impl ReadSetup for SharedSetup {
    fn read(&self) -> Setup {
        copy(&lock(&self.0))
    }

    fn forget(&self) -> Result<(), SetupError> {
        let mut setup = lock(&self.0);
        setup.endpoint = Ok(None);
        setup.setting = CloudSetting::Off;
        Ok(())
    }
}

fn copy(setup: &Setup) -> Setup {
    Setup {
        endpoint: match &setup.endpoint {
            Ok(endpoint) => Ok(endpoint.clone()),
            Err(_) => Err(SetupError::NotAUrl),
        },
        setting: setup.setting,
        enterprise: setup.enterprise.clone(),
    }
}

/// The only telling, which must be a question.
pub(crate) fn question(tellings: &[Telling], wanted: u32) -> ConsentRequest {
    match tellings {
        [Telling::Event(HostEvent::Consent { id, request })] if *id == wanted => request.clone(),
        other => panic!("no question: {other:?}"),
    }
}

/// The only telling, which must be an error.
pub(crate) fn code(tellings: &[Telling], wanted: u32) -> ErrorCode {
    match tellings {
        [Telling::Event(HostEvent::Error { id, error })] if *id == wanted => error.code,
        other => panic!("no error: {other:?}"),
    }
}
