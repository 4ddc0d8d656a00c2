//! The way of a request to the endpoint, step by step: policy, redaction, question, answer, sending, revoking. No I/O of its
//! own but the store; a [`Courier`] carries what was agreed to. **Every request ends exactly once.**

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sotto_core::assist::{self, RemotePrompt, remote_prompt};
use sotto_core::consent::{
    ConsentError, ConsentToken, Ledger, Nonce, Payload, QUESTION_LIFETIME_MS, Question, Verdict,
    is_site,
};
use sotto_core::policy;
use sotto_core::protocol::*;

use super::courier::{Courier, News, lock};
use super::endpoint::Endpoint;
use super::error::CloudError;
use super::outcome;
use super::price::Usage;
use super::setup::Setup;
use super::standing::Standing;
use super::veil::{Restore, Veiled, veil};
use crate::store::{Store, StoreError};

/// What is to be told to the browser.
#[derive(Debug, Clone, PartialEq)]
pub enum Telling {
    /// This.
    Event(HostEvent),
    /// The state of the host, in answer to this request.
    Status(u32),
}

/// Everything between an `escalate` and its end.
#[derive(Debug)]
pub struct Desk<C, S> {
    courier: C,
    setup: S,
    store: Arc<Mutex<Store>>,
    ledger: Ledger,
    /// Questions on the screen.
    asked: BTreeMap<u32, Escalation>,
    /// What is on its way.
    flights: BTreeMap<u32, Flight>,
    standing: Standing,
}

#[derive(Debug)]
struct Flight {
    kind: AnswerKind,
    /// Where the text comes from.
    site: Option<String>,
    /// For the answer's line of origin.
    endpoint: EndpointView,
    /// Why it was allowed to go.
    reason: String,
    restore: Restore,
}

/// A request, ready to be shown or sent.
struct Draft {
    endpoint: Endpoint,
    limit: Limit,
    payload: Payload,
    estimate: Usage,
    veiled: Veiled,
}

impl<C: Courier, S: Fn() -> Setup> Desk<C, S> {
    /// A desk whose settings are what `setup` says at any moment.
    pub fn new(courier: C, setup: S, store: Arc<Mutex<Store>>) -> Self {
        Self {
            courier,
            setup,
            store,
            ledger: Ledger::default(),
            asked: BTreeMap::new(),
            flights: BTreeMap::new(),
            standing: Standing::default(),
        }
    }

    /// A message from the browser. `now_ms`: milliseconds since 1970.
    pub fn handle(&mut self, request: HostRequest, now_ms: u64) -> Vec<Telling> {
        match request {
            HostRequest::Escalate { id, escalation } => self.escalate(id, escalation, now_ms),
            HostRequest::Consent { id, answer } => self.answered(id, &answer, now_ms),
            HostRequest::Cancel { id } => self.cancelled(id),
            HostRequest::Revoke { id, site } => self.revoked(id, site.as_deref()),
            HostRequest::UnlockKey { id, passphrase } => self.unlock(id, passphrase),
            // Not this desk's.
            HostRequest::Hello { .. }
            | HostRequest::Status { .. }
            | HostRequest::Summarize { .. }
            | HostRequest::Chat { .. } => vec![],
        }
    }

    /// News from the courier.
    pub fn heard(&mut self, news: News, now_ms: u64) -> Vec<Telling> {
        match news {
            News::Text { id, text } => match self.flights.get_mut(&id) {
                Some(flight) => delta(id, flight.restore.push(&text)),
                // It was stopped while this was on its way.
                None => vec![],
            },
            News::Ended { id, result } => match self.flights.remove(&id) {
                Some(flight) => self.landed(id, flight, result, now_ms),
                None => vec![],
            },
            News::Unlocked { id, result } => match result {
                Ok(()) => vec![Telling::Status(id)],
                Err(error) => failed(id, &error.into()),
            },
        }
    }

    /// The endpoint as it stands.
    pub fn status(&mut self, now_ms: u64) -> CloudStatus {
        let setup = (self.setup)();
        self.restore_scopes(now_ms);
        let scopes = self.ledger.scopes(now_ms);
        let scopes = scopes.iter().map(|scope| scope.view(now_ms)).collect();
        let key = self.key_state(setup.endpoint.as_ref().ok().and_then(Option::as_ref));
        self.standing
            .status(&setup, key, scopes, &lock(&self.store), now_ms)
    }

    fn escalate(&mut self, id: u32, escalation: Escalation, now_ms: u64) -> Vec<Telling> {
        match self.draft(&escalation, now_ms) {
            Ok(draft) => self.permit_or_ask(id, escalation, draft, now_ms),
            Err(error) => failed(id, &error),
        }
    }

    /// Sends under a permission, if there is one; asks otherwise.
    fn permit_or_ask(
        &mut self,
        id: u32,
        escalation: Escalation,
        draft: Draft,
        now_ms: u64,
    ) -> Vec<Telling> {
        self.restore_scopes(now_ms);
        let site = escalation.site.as_deref();
        let fingerprint = draft.endpoint.fingerprint();
        match self
            .ledger
            .under_scope(draft.payload.clone(), fingerprint, site, now_ms)
        {
            Ok(token) => self.dispatch(id, &escalation, draft, token),
            Err(_) => self.ask(id, escalation, draft, now_ms),
        }
    }

    fn ask(&mut self, id: u32, escalation: Escalation, draft: Draft, now_ms: u64) -> Vec<Telling> {
        let mut nonce = Nonce([0; 16]);
        if getrandom::fill(&mut nonce.0).is_err() {
            return failed(id, &CloudError::Internal("there is no randomness"));
        }
        let event = HostEvent::Consent {
            id,
            request: self.question(&escalation, &draft, nonce),
        };
        let is_too_long =
            serde_json::to_vec(&event).is_ok_and(|frame| frame.len() > MAX_FRAME_BYTES as usize);
        if is_too_long {
            return failed(id, &CloudError::PayloadTooLarge);
        }
        let question = Question {
            payload: &draft.payload,
            endpoint: draft.endpoint.fingerprint(),
            site: escalation.site.as_deref(),
        };
        self.ledger.ask(id, nonce, &question, now_ms);
        self.asked.insert(id, escalation);
        vec![Telling::Event(event)]
    }

    fn question(&self, escalation: &Escalation, draft: &Draft, nonce: Nonce) -> ConsentRequest {
        let payload = draft.payload.json().to_owned();
        let price = draft.endpoint.config().price.as_ref();
        ConsentRequest {
            nonce: nonce.to_string(),
            endpoint: draft.endpoint.view(),
            limit: draft.limit,
            payload_bytes: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            payload,
            payload_sha256: draft.payload.sha256().to_string(),
            replacements: draft.veiled.replacements.clone(),
            cost: price.map(|price| price.cost(price.micros(draft.estimate))),
            expires_in_s: (QUESTION_LIFETIME_MS / 1_000) as u32,
            site: escalation.site.clone().filter(|site| is_site(site)),
            key: self.key_state(Some(&draft.endpoint)),
        }
    }

    /// The user's answer. Everything is worked out anew, from what was asked for and the settings as they are now, and must
    /// come to the bytes that were shown.
    fn answered(&mut self, id: u32, answer: &ConsentAnswer, now_ms: u64) -> Vec<Telling> {
        // A second answer, to what is on its way already.
        let Some(mut escalation) = self.asked.remove(&id) else {
            return vec![];
        };
        let verdict = self.draft(&escalation, now_ms).and_then(|draft| {
            let rebuilt = draft.payload.clone();
            let fingerprint = draft.endpoint.fingerprint();
            let verdict = self.ledger.answer(id, answer, rebuilt, fingerprint, now_ms);
            Ok((verdict?, draft))
        });
        self.ledger.close(id);
        match verdict {
            Ok((Verdict::Send(token), draft)) => {
                if let Err(error) = self.keep_scope(answer, &escalation, now_ms) {
                    return failed(id, &CloudError::Records(error.into()));
                }
                self.dispatch(id, &escalation, draft, token)
            }
            Ok((Verdict::Revise(edits), _)) => {
                escalation.edits = edits;
                match self.draft(&escalation, now_ms) {
                    // Asked again even under a permission: the user is looking at it.
                    Ok(draft) => self.ask(id, escalation, draft, now_ms),
                    Err(error) => failed(id, &error),
                }
            }
            Err(error) => failed(id, &error),
        }
    }

    fn dispatch(
        &mut self,
        id: u32,
        escalation: &Escalation,
        draft: Draft,
        token: ConsentToken,
    ) -> Vec<Telling> {
        let reason = match token.site() {
            None => "You looked at it and sent it.".to_owned(),
            Some(site) => format!("Sent under your permission for {site}."),
        };
        let flight = Flight {
            kind: match escalation.task {
                CloudTask::Summarize { .. } => AnswerKind::Abstractive,
                CloudTask::Chat { .. } => AnswerKind::Reply,
            },
            site: escalation.site.clone(),
            endpoint: draft.endpoint.view(),
            reason,
            restore: draft.veiled.restore,
        };
        self.flights.insert(id, flight);
        self.courier
            .send(id, token, &draft.endpoint, draft.estimate);
        vec![]
    }

    fn landed(
        &mut self,
        id: u32,
        mut flight: Flight,
        result: Result<super::client::Completed, CloudError>,
        now_ms: u64,
    ) -> Vec<Telling> {
        let mut tellings = delta(id, flight.restore.finish());
        match result {
            Ok(completed) => {
                self.standing.reached();
                let engine = AnswerEngine {
                    tier: Tier::Cloud,
                    model: flight.endpoint.model,
                    device: flight.endpoint.origin,
                    reason: flight.reason,
                };
                let answer = outcome::answer(engine, flight.kind, &completed);
                tellings.push(Telling::Event(HostEvent::Done { id, answer }));
            }
            Err(error) => {
                if matches!(error, CloudError::Unreachable(_)) {
                    self.standing.unreachable(now_ms);
                }
                tellings.extend(failed(id, &error));
            }
        }
        tellings
    }

    fn cancelled(&mut self, id: u32) -> Vec<Telling> {
        self.ledger.close(id);
        let was_asked = self.asked.remove(&id).is_some();
        let was_flying = self.flights.remove(&id).is_some();
        if was_flying {
            self.courier.abort(id);
        }
        match was_asked || was_flying {
            true => failed(id, &CloudError::Cancelled),
            false => vec![],
        }
    }

    /// Takes permissions back. What is on its way from the site is stopped, too: the connection closes before the next byte.
    fn revoked(&mut self, id: u32, site: Option<&str>) -> Vec<Telling> {
        let stored = lock(&self.store).remove_scopes(site);
        let mut ended = self.ledger.revoke(site);
        for id in &ended {
            self.asked.remove(id);
        }
        let is_meant = |flight: &Flight| site.is_none() || flight.site.as_deref() == site;
        let stopped = self.flights.extract_if(.., |_, flight| is_meant(flight));
        for (id, _) in stopped {
            self.courier.abort(id);
            ended.push(id);
        }
        let revoked = CloudError::Consent(ConsentError::Revoked);
        let mut tellings: Vec<_> = ended.iter().flat_map(|id| failed(*id, &revoked)).collect();
        match stored {
            Ok(()) => tellings.push(Telling::Status(id)),
            Err(error) => tellings.extend(failed(id, &CloudError::Records(error.into()))),
        }
        tellings
    }

    fn unlock(&mut self, id: u32, passphrase: Passphrase) -> Vec<Telling> {
        match (self.setup)().endpoint {
            Ok(Some(endpoint)) => {
                self.courier.unlock(id, passphrase, &endpoint);
                vec![]
            }
            Ok(None) => failed(id, &CloudError::NotConfigured),
            Err(error) => failed(id, &error.into()),
        }
    }

    /// What would be sent, by the rules and settings as they are now.
    fn draft(&mut self, escalation: &Escalation, now_ms: u64) -> Result<Draft, CloudError> {
        assist::check_escalation(escalation)?;
        let setup = (self.setup)();
        let state = self
            .standing
            .cloud_state(&setup, &lock(&self.store), now_ms);
        let limit = permitted(escalation, &setup, state)?;
        let endpoint = setup.endpoint?.ok_or(CloudError::NotConfigured)?;
        let veiled = veil(&escalation.task, &escalation.edits);
        let prompt: RemotePrompt = remote_prompt(&veiled.task, !veiled.replacements.is_empty());
        let payload = Payload::new(&prompt, &endpoint.terms());
        Ok(Draft {
            estimate: Usage::at_most(payload.json().len(), prompt.max_tokens),
            endpoint,
            limit,
            payload,
            veiled,
        })
    }

    fn key_state(&self, endpoint: Option<&Endpoint>) -> KeyState {
        super::standing::key_state(endpoint, |endpoint| self.courier.is_unlocked(endpoint))
    }

    /// Other hosts may have given or taken permissions. Where that cannot be known, there are none.
    fn restore_scopes(&mut self, now_ms: u64) {
        let stored = lock(&self.store).scopes().unwrap_or_default();
        self.ledger.restore(stored, now_ms);
    }

    fn keep_scope(
        &mut self,
        answer: &ConsentAnswer,
        escalation: &Escalation,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let ConsentChoice::Site { .. } = answer.choice else {
            return Ok(());
        };
        let given = self.ledger.scopes(now_ms).iter();
        let mut given =
            given.filter(|scope| Some(scope.site.as_str()) == escalation.site.as_deref());
        given.try_for_each(|scope| lock(&self.store).add_scope(scope))
    }
}

/// The limit that allows an offer, by [`policy::decide`]: the same rules as in the extension, with what this side knows.
fn permitted(
    escalation: &Escalation,
    setup: &Setup,
    cloud: CloudState,
) -> Result<Limit, CloudError> {
    let origin = setup
        .endpoint
        .as_ref()
        .ok()
        .and_then(Option::as_ref)
        .map(Endpoint::origin);
    let input = RouteInput {
        request: RouteRequest {
            task: match escalation.task {
                CloudTask::Summarize { .. } => RouteTask::Summarize,
                CloudTask::Chat { .. } => RouteTask::Chat,
            },
            input_utf16: super::standing::size_utf16(&escalation.task),
            site: escalation.site_rule,
        },
        state: RouteState {
            cloud,
            ..escalation.state.clone()
        },
        settings: RouteSettings {
            cloud: setup.setting,
            enterprise: EnterprisePolicy {
                host: EnterpriseRule::Allowed,
                cloud: setup.enterprise.rule(origin.as_deref()),
            },
            ..RouteSettings::default()
        },
    };
    let decision = policy::decide_input(&input);
    match (decision.route, decision.limit) {
        (Route::Cloud, Some(limit)) => Ok(limit),
        _ => Err(CloudError::Forbidden(policy::sentence(&decision))),
    }
}

fn delta(id: u32, text: String) -> Vec<Telling> {
    match text.is_empty() {
        true => vec![],
        false => vec![Telling::Event(HostEvent::Delta { id, text })],
    }
}

fn failed(id: u32, error: &CloudError) -> Vec<Telling> {
    vec![Telling::Event(HostEvent::Error {
        id,
        error: WireError::new(error),
    })]
}
