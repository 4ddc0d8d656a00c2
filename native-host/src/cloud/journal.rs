//! What is written down of a request: every step of it, and never a word of its text. **What cannot be written down is not
//! done**; only the end of what is over already is.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use sotto_core::audit::{self, Event};
use sotto_core::code::Code;
use sotto_core::consent::{Payload, TOKEN_LIFETIME_MS};
use sotto_core::protocol::{
    AnswerStop, Coded, ConsentAnswer, ConsentChoice, ErrorCode, Escalation, Limit, Route,
};
use sotto_core::redact::Kind;

use super::client::Completed;
use super::courier::lock;
use super::endpoint::Endpoint;
use super::error::CloudError;
use super::permit::task_of;
use crate::store::Store;

/// How far a permission reaches, in the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reach {
    /// These bytes.
    Once,
    /// A site, for a time.
    Site,
    /// Every site.
    All,
}

/// The desk's hand in the record.
#[derive(Debug)]
pub(super) struct Journal {
    store: Arc<Mutex<Store>>,
}

impl Journal {
    pub(super) fn new(store: Arc<Mutex<Store>>) -> Self {
        Self { store }
    }

    /// Where a request goes: towards the endpoint because of a limit, or not. Gives the number that the request has in all
    /// other records.
    ///
    /// # Errors
    /// [`CloudError::Records`]
    pub(super) fn decided(
        &self,
        escalation: &Escalation,
        decision: Result<Limit, &CloudError>,
        now_ms: u64,
    ) -> Result<u32, CloudError> {
        let (route, reason) = match decision {
            Ok(limit) => (Route::Cloud, code(limit)),
            Err(CloudError::Forbidden(decision)) => (decision.route, code(decision.reason)),
            Err(error) => (Route::Refuse, code(error.code())),
        };
        let task = code(task_of(&escalation.task));
        let route = code(route);
        let event = |request| Event::Decided {
            request,
            task,
            route,
            reason,
        };
        let number = lock(&self.store).record(now_ms, event);
        number.map_err(|error| CloudError::Records(error.into()))
    }

    /// What was said to it.
    ///
    /// # Errors
    /// [`CloudError::Records`]
    pub(super) fn given(
        &self,
        request: u32,
        answer: &ConsentAnswer,
        now_ms: u64,
    ) -> Result<(), CloudError> {
        let (reach, lifetime_ms) = match answer.choice {
            ConsentChoice::Site { minutes } => (Reach::Site, u64::from(minutes) * 60_000),
            _ => (Reach::Once, TOKEN_LIFETIME_MS),
        };
        let expires_s = now_ms.saturating_add(lifetime_ms) / 1_000;
        let event = Event::ConsentGiven {
            request,
            scope: code(reach),
            expires_s: u32::try_from(expires_s).unwrap_or(u32::MAX),
        };
        self.note(event, now_ms)
    }

    /// That nothing left, and why.
    pub(super) fn stopped(&self, request: u32, error: &CloudError, now_ms: u64) {
        let event = match error.code() {
            ErrorCode::ConsentDeclined | ErrorCode::Cancelled => Event::ConsentDeclined { request },
            reason => Event::Blocked {
                request,
                reason: code(reason),
            },
        };
        self.note_end(event, now_ms);
    }

    /// How something ended that did leave.
    pub(super) fn ended(
        &self,
        request: u32,
        result: Result<&Completed, &CloudError>,
        answer_bytes: u32,
        duration_ms: u64,
        now_ms: u64,
    ) {
        let (outcome, status) = match result {
            Ok(completed) => (code(AnswerStop::from(completed.finish)), Some(200)),
            Err(error) => (code(error.code()), error.status()),
        };
        let event = Event::Ended {
            request,
            outcome,
            status,
            answer_bytes,
            duration_ms: u32::try_from(duration_ms).unwrap_or(u32::MAX),
        };
        self.note_end(event, now_ms);
    }

    /// Writes it down.
    ///
    /// # Errors
    /// [`CloudError::Records`]
    pub(super) fn note(&self, event: Event, now_ms: u64) -> Result<(), CloudError> {
        let written = lock(&self.store).record(now_ms, |_| event);
        let written = written.map(|_| ());
        written.map_err(|error| CloudError::Records(error.into()))
    }

    /// As [`Self::note`], of what is over: where it cannot be written, the next request will not begin.
    fn note_end(&self, event: Event, now_ms: u64) {
        let _ = self.note(event, now_ms);
    }
}

/// The question, and what was shown in it.
pub(super) fn asked(
    request: u32,
    endpoint: &Endpoint,
    payload: &Payload,
    redactions: BTreeMap<Kind, u32>,
) -> Result<Event, CloudError> {
    Ok(Event::ConsentAsked {
        request,
        endpoint: origin(endpoint)?,
        payload: payload.sha256(),
        payload_bytes: size(payload),
        redactions,
    })
}

/// The payload on its way.
pub(super) fn sent(
    request: u32,
    endpoint: &Endpoint,
    payload: &Payload,
    redactions: BTreeMap<Kind, u32>,
    reach: Reach,
) -> Result<Event, CloudError> {
    Ok(Event::Sent {
        request,
        endpoint: origin(endpoint)?,
        scope: code(reach),
        payload: payload.sha256(),
        payload_bytes: size(payload),
        redactions,
    })
}

/// Permissions that were taken back.
pub(super) fn revoked(site: Option<&str>) -> Event {
    let reach = match site {
        Some(_) => Reach::Site,
        None => Reach::All,
    };
    Event::ConsentRevoked { scope: code(reach) }
}

fn origin(endpoint: &Endpoint) -> Result<audit::Endpoint, CloudError> {
    audit::Endpoint::of(&endpoint.origin())
        .map_err(|_| CloudError::Internal("the endpoint has no origin"))
}

fn size(payload: &Payload) -> u32 {
    u32::try_from(payload.json().len()).unwrap_or(u32::MAX)
}

fn code(variant: impl Serialize + Debug) -> Code {
    Code::of(&variant).expect("a variant without fields")
}
