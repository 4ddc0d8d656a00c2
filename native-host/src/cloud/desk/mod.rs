//! The way of a request to the endpoint, step by step: policy, redaction, question, answer, sending, revoking. No I/O of its
//! own but the store; a [`Courier`] carries what was agreed to. **Every request ends exactly once.**

mod ending;
mod records;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sotto_core::assist::{self, RemotePrompt, Veiled, remote_prompt, veil};
use sotto_core::consent::{
    ConsentToken, Ledger, Nonce, Payload, QUESTION_LIFETIME_MS, Question, Verdict, is_site,
};
use sotto_core::protocol::*;
use sotto_core::redact::{Placeholders, Restorer};

use crate::cloud::courier::{Courier, Dispatch, News, lock};
use crate::cloud::endpoint::Endpoint;
use crate::cloud::error::CloudError;
use crate::cloud::journal::{self, Journal, Reach};
use crate::cloud::outcome;
use crate::cloud::permit::permitted;
use crate::cloud::price::Usage;
use crate::cloud::setup::ReadSetup;
use crate::cloud::standing::Standing;
use crate::store::Store;

/// What is to be told to the browser.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are one or two at a time, and most are events"
)]
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
    journal: Journal,
    /// Questions on the screen.
    asked: BTreeMap<u32, Asked>,
    /// What is on its way.
    flights: BTreeMap<u32, Flight>,
    /// What was deleted already while the keys still are to be.
    deleting: BTreeMap<u32, Deletion>,
    standing: Standing,
}

#[derive(Debug)]
struct Asked {
    /// The request's in the records.
    number: u32,
    escalation: Escalation,
}

#[derive(Debug)]
struct Flight {
    /// The request's in the records.
    number: u32,
    since_ms: u64,
    answer_bytes: u32,
    kind: AnswerKind,
    /// Where the text comes from.
    site: Option<String>,
    /// For the answer's line of origin.
    endpoint: EndpointView,
    /// Why it was allowed to go.
    reason: String,
    restorer: Restorer<Placeholders>,
}

/// A request, ready to be shown or sent.
struct Draft {
    endpoint: Endpoint,
    limit: Limit,
    payload: Payload,
    estimate: Usage,
    veiled: Veiled,
}

impl<C: Courier, S: ReadSetup> Desk<C, S> {
    /// A desk whose settings are what `setup` says at any moment.
    pub fn new(courier: C, setup: S, store: Arc<Mutex<Store>>) -> Self {
        Self {
            courier,
            setup,
            journal: Journal::new(Arc::clone(&store)),
            store,
            ledger: Ledger::default(),
            asked: BTreeMap::new(),
            flights: BTreeMap::new(),
            deleting: BTreeMap::new(),
            standing: Standing::default(),
        }
    }

    /// A message from the browser. `now_ms`: milliseconds since 1970.
    pub fn handle(&mut self, request: HostRequest, now_ms: u64) -> Vec<Telling> {
        match request {
            HostRequest::Escalate { id, escalation } => self.escalate(id, escalation, now_ms),
            HostRequest::Consent { id, answer } => self.answered(id, &answer, now_ms),
            HostRequest::Cancel { id } => self.cancelled(id, now_ms),
            HostRequest::Revoke { id, site } => self.revoked(id, site.as_deref(), now_ms),
            HostRequest::ListAudit { id, before, limit } => self.list_audit(id, before, limit),
            HostRequest::VerifyAudit { id } => self.verify_audit(id),
            HostRequest::DeleteEverything { id } => self.delete_everything(id, now_ms),
            HostRequest::UnlockKey { id, passphrase } => self.unlock(id, passphrase),
            // Not this desk's.
            HostRequest::Hello { .. }
            | HostRequest::Status { .. }
            | HostRequest::Summarize { .. }
            | HostRequest::Chat { .. }
            | HostRequest::OfferPack { .. }
            | HostRequest::Personal { .. }
            | HostRequest::ReadPack { .. }
            | HostRequest::CheckUpdates { .. }
            | HostRequest::ApplyUpdates { .. } => vec![],
        }
    }

    /// News from the courier.
    pub fn heard(&mut self, news: News, now_ms: u64) -> Vec<Telling> {
        match news {
            News::Text { id, text } => match self.flights.get_mut(&id) {
                Some(flight) => {
                    let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    flight.answer_bytes = flight.answer_bytes.saturating_add(bytes);
                    delta(id, flight.restorer.push(&text))
                }
                // It was stopped while this was on its way.
                None => vec![],
            },
            News::Ended {
                id,
                result,
                has_left,
            } => match self.flights.remove(&id) {
                Some(flight) => self.landed(id, flight, result, has_left, now_ms),
                None => vec![],
            },
            News::Forgotten { id, result } => self.forgotten(id, result),
            News::Unlocked { id, result } => match result {
                Ok(()) => vec![Telling::Status(id)],
                Err(error) => failed(id, &error.into()),
            },
        }
    }

    /// The endpoint as it stands.
    pub fn status(&mut self, now_ms: u64) -> CloudStatus {
        let setup = self.setup.read();
        self.restore_scopes(now_ms);
        let scopes = self.ledger.scopes(now_ms);
        let scopes = scopes.iter().map(|scope| scope.view(now_ms)).collect();
        let key = self.key_state(setup.endpoint.as_ref().ok().and_then(Option::as_ref));
        self.standing
            .status(&setup, key, scopes, &lock(&self.store), now_ms)
    }

    fn escalate(&mut self, id: u32, escalation: Escalation, now_ms: u64) -> Vec<Telling> {
        let draft = self.draft(&escalation, now_ms);
        let decision = draft.as_ref().map(|draft| draft.limit);
        let number = match self.journal.decided(&escalation, decision, now_ms) {
            Ok(number) => number,
            Err(error) => return failed(id, &error),
        };
        let asked = Asked { number, escalation };
        match draft {
            Ok(draft) => self.permit_or_ask(id, asked, draft, now_ms),
            Err(error) => failed(id, &error),
        }
    }

    /// Sends under a permission, if there is one; asks otherwise.
    fn permit_or_ask(&mut self, id: u32, asked: Asked, draft: Draft, now_ms: u64) -> Vec<Telling> {
        self.restore_scopes(now_ms);
        let site = asked.escalation.site.as_deref();
        let fingerprint = draft.endpoint.fingerprint();
        match self
            .ledger
            .under_scope(draft.payload.clone(), fingerprint, site, now_ms)
        {
            Ok(token) => self.dispatch(id, &asked, draft, token, now_ms),
            Err(_) => self.ask(id, asked, draft, now_ms),
        }
    }

    fn ask(&mut self, id: u32, asked: Asked, draft: Draft, now_ms: u64) -> Vec<Telling> {
        match self.put_question(id, &asked, &draft, now_ms) {
            Ok(event) => {
                self.asked.insert(id, asked);
                vec![Telling::Event(event)]
            }
            Err(error) => self.stopped(id, asked.number, &error, now_ms),
        }
    }

    fn put_question(
        &mut self,
        id: u32,
        asked: &Asked,
        draft: &Draft,
        now_ms: u64,
    ) -> Result<HostEvent, CloudError> {
        let mut nonce = Nonce([0; 16]);
        getrandom::fill(&mut nonce.0)
            .map_err(|_| CloudError::Internal("there is no randomness"))?;
        let event = HostEvent::Consent {
            id,
            request: self.question(&asked.escalation, draft, nonce),
        };
        let is_too_long =
            serde_json::to_vec(&event).is_ok_and(|frame| frame.len() > MAX_FRAME_BYTES as usize);
        if is_too_long {
            return Err(CloudError::PayloadTooLarge);
        }
        let counts = draft.veiled.placeholders.counts();
        let record = journal::asked(asked.number, &draft.endpoint, &draft.payload, counts)?;
        self.journal.note(record, now_ms)?;
        let question = Question {
            payload: &draft.payload,
            endpoint: draft.endpoint.fingerprint(),
            site: asked.escalation.site.as_deref(),
        };
        self.ledger.ask(id, nonce, &question, now_ms);
        Ok(event)
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
        let Some(mut asked) = self.asked.remove(&id) else {
            return vec![];
        };
        let verdict = self.draft(&asked.escalation, now_ms).and_then(|draft| {
            let rebuilt = draft.payload.clone();
            let fingerprint = draft.endpoint.fingerprint();
            let verdict = self.ledger.answer(id, answer, rebuilt, fingerprint, now_ms);
            Ok((verdict?, draft))
        });
        self.ledger.close(id);
        match verdict {
            Ok((Verdict::Send(token), draft)) => {
                let written = self
                    .journal
                    .given(asked.number, answer, now_ms)
                    .and_then(|()| self.keep_scope(answer, &asked.escalation, now_ms));
                match written {
                    Ok(()) => self.dispatch(id, &asked, draft, token, now_ms),
                    Err(error) => failed(id, &error),
                }
            }
            Ok((Verdict::Revise(edits), _)) => {
                asked.escalation.edits = edits;
                match self.draft(&asked.escalation, now_ms) {
                    // Asked again even under a permission: the user is looking at it.
                    Ok(draft) => self.ask(id, asked, draft, now_ms),
                    Err(error) => self.stopped(id, asked.number, &error, now_ms),
                }
            }
            Err(error) => self.stopped(id, asked.number, &error, now_ms),
        }
    }

    fn dispatch(
        &mut self,
        id: u32,
        asked: &Asked,
        draft: Draft,
        token: ConsentToken,
        now_ms: u64,
    ) -> Vec<Telling> {
        let (reach, reason) = match token.site() {
            None => (Reach::Once, "You looked at it and sent it.".to_owned()),
            Some(site) => (
                Reach::Site,
                format!("Sent under your permission for {site}."),
            ),
        };
        let Asked { number, escalation } = asked;
        let counts = draft.veiled.placeholders.counts();
        let sent = journal::sent(*number, &draft.endpoint, &draft.payload, counts, reach);
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) => return self.stopped(id, *number, &error, now_ms),
        };
        let flight = Flight {
            number: *number,
            since_ms: now_ms,
            answer_bytes: 0,
            kind: match escalation.task {
                CloudTask::Summarize { .. } => AnswerKind::Abstractive,
                CloudTask::Chat { .. } => AnswerKind::Reply,
            },
            site: escalation.site.clone(),
            endpoint: draft.endpoint.view(),
            reason,
            restorer: Restorer::new(draft.veiled.placeholders),
        };
        self.flights.insert(id, flight);
        let dispatch = Dispatch {
            estimate: draft.estimate,
            sent,
        };
        self.courier.send(id, token, &draft.endpoint, dispatch);
        vec![]
    }

    fn landed(
        &mut self,
        id: u32,
        flight: Flight,
        result: Result<crate::cloud::client::Completed, CloudError>,
        has_left: bool,
        now_ms: u64,
    ) -> Vec<Telling> {
        self.note_landing(&flight, result.as_ref(), has_left, now_ms);
        let mut tellings = delta(id, flight.restorer.finish());
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

    fn unlock(&mut self, id: u32, passphrase: Passphrase) -> Vec<Telling> {
        match self.setup.read().endpoint {
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
        let setup = self.setup.read();
        let state = self
            .standing
            .cloud_state(&setup, &lock(&self.store), now_ms);
        let limit = permitted(escalation, &setup, state)?;
        let endpoint = setup.endpoint?.ok_or(CloudError::NotConfigured)?;
        let veiled = veil(&escalation.task, &escalation.own_terms, &escalation.edits);
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
    ) -> Result<(), CloudError> {
        let ConsentChoice::Site { .. } = answer.choice else {
            return Ok(());
        };
        let given = self.ledger.scopes(now_ms).iter();
        let mut given =
            given.filter(|scope| Some(scope.site.as_str()) == escalation.site.as_deref());
        given
            .try_for_each(|scope| lock(&self.store).add_scope(scope))
            .map_err(|error| CloudError::Records(error.into()))
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
