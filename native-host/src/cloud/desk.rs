//! The way of a request to the endpoint, step by step: policy, redaction, question, answer, sending, revoking. No I/O of its
//! own but the store; a [`Courier`] carries what was agreed to. **Every request ends exactly once.**

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sotto_core::assist::{self, RemotePrompt, Veiled, remote_prompt, veil};
use sotto_core::consent::{
    ConsentError, ConsentToken, Ledger, Nonce, Payload, QUESTION_LIFETIME_MS, Question, Verdict,
    is_site,
};
use sotto_core::protocol::*;
use sotto_core::redact::{Placeholders, Restorer};

use super::courier::{Courier, Dispatch, News, lock, now_ms};
use super::endpoint::Endpoint;
use super::error::CloudError;
use super::journal::{self, Journal, Reach};
use super::keys::KeyError;
use super::outcome;
use super::permit::permitted;
use super::price::Usage;
use super::setup::ReadSetup;
use super::standing::Standing;
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
            | HostRequest::Chat { .. } => vec![],
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
        result: Result<super::client::Completed, CloudError>,
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

    fn cancelled(&mut self, id: u32, now_ms: u64) -> Vec<Telling> {
        self.ledger.close(id);
        if let Some(asked) = self.asked.remove(&id) {
            return self.stopped(id, asked.number, &CloudError::Cancelled, now_ms);
        }
        match self.flights.remove(&id) {
            Some(flight) => self.grounded(id, &flight, &CloudError::Cancelled, now_ms),
            None => vec![],
        }
    }

    /// Ends a request that nothing has left of.
    fn stopped(&self, id: u32, number: u32, error: &CloudError, now_ms: u64) -> Vec<Telling> {
        self.journal.stopped(number, error, now_ms);
        failed(id, error)
    }

    /// Ends what is on its way.
    fn grounded(
        &mut self,
        id: u32,
        flight: &Flight,
        error: &CloudError,
        now_ms: u64,
    ) -> Vec<Telling> {
        let has_left = self.courier.abort(id);
        self.note_landing(flight, Err(error), has_left, now_ms);
        failed(id, error)
    }

    fn note_landing(
        &self,
        flight: &Flight,
        result: Result<&super::client::Completed, &CloudError>,
        has_left: bool,
        now_ms: u64,
    ) {
        let duration_ms = now_ms.saturating_sub(flight.since_ms);
        match result {
            Err(error) if !has_left => self.journal.stopped(flight.number, error, now_ms),
            result => self.journal.ended(
                flight.number,
                result,
                flight.answer_bytes,
                duration_ms,
                now_ms,
            ),
        }
    }

    /// Takes permissions back. What is on its way from the site is stopped, too: the connection closes before the next byte.
    fn revoked(&mut self, id: u32, site: Option<&str>, now_ms: u64) -> Vec<Telling> {
        let stored = lock(&self.store).remove_scopes(site);
        let mut tellings = self.end_all(site, now_ms);
        let stored = stored.map_err(|error| CloudError::Records(error.into()));
        match stored.and_then(|()| self.journal.note(journal::revoked(site), now_ms)) {
            Ok(()) => tellings.push(Telling::Status(id)),
            Err(error) => tellings.extend(failed(id, &error)),
        }
        tellings
    }

    /// Ends every permission, question and sending of a site, or all of them.
    fn end_all(&mut self, site: Option<&str>, now_ms: u64) -> Vec<Telling> {
        let revoked = CloudError::Consent(ConsentError::Revoked);
        let mut tellings = Vec::new();
        for id in self.ledger.revoke(site) {
            if let Some(asked) = self.asked.remove(&id) {
                tellings.extend(self.stopped(id, asked.number, &revoked, now_ms));
            }
        }
        let is_meant = |flight: &Flight| site.is_none() || flight.site.as_deref() == site;
        let flights: Vec<_> = self
            .flights
            .extract_if(.., |_, flight| is_meant(flight))
            .collect();
        for (id, flight) in flights {
            tellings.extend(self.grounded(id, &flight, &revoked, now_ms));
        }
        tellings
    }

    fn list_audit(&self, id: u32, before: Option<u32>, limit: u32) -> Vec<Telling> {
        let store = lock(&self.store);
        let page = store
            .records(before, limit.min(MAX_AUDIT_RECORDS))
            .and_then(|records| {
                Ok(AuditPage {
                    records,
                    total: store.record_count()?,
                    head: store.audit_head()?,
                })
            });
        told(id, page, |page| HostEvent::Audit { id, page })
    }

    fn verify_audit(&self, id: u32) -> Vec<Telling> {
        let verdict = lock(&self.store).verify_audit(None);
        told(id, verdict, |verdict| HostEvent::AuditVerdict {
            id,
            verdict: AuditVerdict {
                records: verdict.records,
                head: verdict.head,
                problem_count: u32::try_from(verdict.problems.len()).unwrap_or(u32::MAX),
                problems: {
                    let mut problems = verdict.problems;
                    problems.truncate(MAX_AUDIT_PROBLEMS as usize);
                    problems
                },
            },
        })
    }

    /// The records go at once, the keys by the courier, and the endpoint last: without it nobody would know which key to
    /// forget, should that fail.
    fn delete_everything(&mut self, id: u32, now_ms: u64) -> Vec<Telling> {
        let mut tellings = self.end_all(None, now_ms);
        let endpoint = self.setup.read().endpoint;
        let was_set_up = !matches!(endpoint, Ok(None));
        let deleted = lock(&self.store).delete_everything();
        match deleted {
            Ok(deletion) => {
                let deletion = Deletion {
                    endpoint: was_set_up,
                    ..deletion
                };
                self.deleting.insert(id, deletion);
                self.courier.forget(id, endpoint.ok().flatten());
            }
            Err(error) => {
                let error = CloudError::RecordsUnreadable(error.into());
                tellings.extend(failed(id, &error));
            }
        }
        tellings
    }

    fn forgotten(&mut self, id: u32, result: Result<(), KeyError>) -> Vec<Telling> {
        let Some(deletion) = self.deleting.remove(&id) else {
            return vec![];
        };
        let done = result
            .map_err(CloudError::from)
            .and_then(|()| self.setup.forget().map_err(CloudError::from));
        match done {
            Ok(()) => vec![Telling::Event(HostEvent::Deleted { id, deletion })],
            Err(error) => failed(id, &error),
        }
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

/// The browser is gone, or does not want this host any more: what was under way ends here, and that is recorded.
impl<C, S> Drop for Desk<C, S> {
    fn drop(&mut self) {
        let now_ms = now_ms();
        for asked in self.asked.values() {
            self.journal
                .stopped(asked.number, &CloudError::Cancelled, now_ms);
        }
        for flight in self.flights.values() {
            let duration_ms = now_ms.saturating_sub(flight.since_ms);
            let error = CloudError::Cancelled;
            self.journal.ended(
                flight.number,
                Err(&error),
                flight.answer_bytes,
                duration_ms,
                now_ms,
            );
        }
    }
}

fn delta(id: u32, text: String) -> Vec<Telling> {
    match text.is_empty() {
        true => vec![],
        false => vec![Telling::Event(HostEvent::Delta { id, text })],
    }
}

fn told<T>(
    id: u32,
    found: Result<T, StoreError>,
    event: impl FnOnce(T) -> HostEvent,
) -> Vec<Telling> {
    match found {
        Ok(found) => vec![Telling::Event(event(found))],
        Err(error) => failed(id, &CloudError::RecordsUnreadable(error.into())),
    }
}

fn failed(id: u32, error: &CloudError) -> Vec<Telling> {
    vec![Telling::Event(HostEvent::Error {
        id,
        error: WireError::new(error),
    })]
}
