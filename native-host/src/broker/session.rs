//! The rules of one connection, without I/O: which message is answered how, and **that every request ends exactly once**.

use std::collections::BTreeMap;

use sotto_core::assist;
use sotto_core::protocol::{
    Capability, ErrorCode, HostEvent, HostRequest, PROTOCOL_VERSION, PersonalTask, WireError,
};

use crate::wire::frame::FrameError;

/// Requests that may be in flight at once. A person has one popup and a few cards open, not more.
pub const MAX_IN_FLIGHT: usize = 8;

/// What the process is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Send this to the browser.
    Reply(HostEvent),
    /// Answer a `status` request.
    Status {
        /// The request's id.
        id: u32,
    },
    /// Answer a request for a model for the browser.
    Pack(HostRequest),
    /// Give this to whoever updates models.
    Update(HostRequest),
    /// Give this to whoever keeps what is personal.
    Personal(HostRequest),
    /// Give this to the worker, starting one if there is none.
    Work(HostRequest),
    /// Give this to whoever speaks with the user's endpoint. It asks for consent before anything is sent.
    Cloud(HostRequest),
    /// Give this `cancel` to the worker, and end the worker if the request does not end soon.
    Cancel {
        /// The request's id.
        id: u32,
    },
}

/// One connection.
#[derive(Debug, Default)]
pub struct Session {
    greeting: Greeting,
    in_flight: BTreeMap<u32, Place>,
}

/// Who is at work on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Worker,
    Cloud,
    Update,
    Personal,
}

#[derive(Debug, Default)]
enum Greeting {
    #[default]
    Awaited,
    Done,
    /// The other side speaks another version; everything gets this error.
    Refused(WireError),
}

impl Session {
    /// A session that serves nobody and says why.
    pub fn refusing(why: WireError) -> Self {
        Self {
            greeting: Greeting::Refused(why),
            in_flight: BTreeMap::new(),
        }
    }

    /// Whether this request has not ended yet.
    pub fn is_in_flight(&self, id: u32) -> bool {
        self.in_flight.contains_key(&id)
    }

    /// Whether nothing waits for the worker.
    pub fn is_idle(&self) -> bool {
        !self.in_flight.values().any(|place| *place == Place::Worker)
    }

    /// A frame from the browser.
    pub fn received(&mut self, frame: Result<HostRequest, FrameError>) -> Vec<Action> {
        match frame {
            Ok(request) => self.requested(request),
            // Its id is unknown.
            Err(error) => vec![failed(0, WireError::new(&error))],
        }
    }

    fn requested(&mut self, request: HostRequest) -> Vec<Action> {
        let id = id_of(&request);
        match (&self.greeting, &request) {
            (Greeting::Refused(why), _) => return vec![failed(id, why.clone())],
            (_, HostRequest::Hello { protocol, .. }) => return vec![self.greeted(id, *protocol)],
            (Greeting::Done, _) => {}
            (Greeting::Awaited, _) => {
                return vec![failed(id, error(ErrorCode::BadRequest, "Say hello first."))];
            }
        }
        match request {
            HostRequest::Hello { .. } => unreachable!("answered above"),
            HostRequest::Status { id } => vec![Action::Status { id }],
            HostRequest::OfferPack { .. } | HostRequest::ReadPack { .. } => {
                vec![Action::Pack(request)]
            }
            HostRequest::Cancel { id } => match self.in_flight.get(&id) {
                Some(Place::Worker) => vec![Action::Cancel { id }],
                Some(Place::Cloud) => vec![Action::Cloud(request)],
                Some(Place::Update) => vec![Action::Update(request)],
                Some(Place::Personal) => vec![Action::Personal(request)],
                // It ended while the cancel was on its way.
                None => vec![],
            },
            HostRequest::Consent { id, .. } => match self.in_flight.get(&id) {
                Some(Place::Cloud) => vec![Action::Cloud(request)],
                // Nobody asked, or not any more: there is nothing to consent to.
                Some(Place::Worker | Place::Update | Place::Personal) | None => vec![],
            },
            HostRequest::Summarize { .. } | HostRequest::Chat { .. } => {
                vec![self.admitted(id, request, Place::Worker)]
            }
            HostRequest::CheckUpdates { .. } | HostRequest::ApplyUpdates { .. } => {
                vec![self.admitted(id, request, Place::Update)]
            }
            HostRequest::Personal { .. } => vec![self.admitted(id, request, Place::Personal)],
            HostRequest::Escalate { .. }
            | HostRequest::Revoke { .. }
            | HostRequest::UnlockKey { .. }
            | HostRequest::ListAudit { .. }
            | HostRequest::VerifyAudit { .. }
            | HostRequest::DeleteEverything { .. } => {
                vec![self.admitted(id, request, Place::Cloud)]
            }
        }
    }

    fn greeted(&mut self, id: u32, protocol: u32) -> Action {
        let message = match protocol.cmp(&PROTOCOL_VERSION) {
            std::cmp::Ordering::Equal => {
                self.greeting = Greeting::Done;
                return Action::Reply(HostEvent::Welcome {
                    id,
                    protocol: PROTOCOL_VERSION,
                    host: env!("CARGO_PKG_VERSION").to_owned(),
                    capabilities: vec![
                        Capability::Summarize,
                        Capability::Chat,
                        Capability::Cloud,
                        Capability::Packs,
                        Capability::Personal,
                    ],
                });
            }
            std::cmp::Ordering::Less => {
                "The extension is older than the host: update the extension."
            }
            std::cmp::Ordering::Greater => "The host is older than the extension: update the host.",
        };
        let why = error(ErrorCode::VersionMismatch, message);
        self.greeting = Greeting::Refused(why.clone());
        failed(id, why)
    }

    fn admitted(&mut self, id: u32, request: HostRequest, place: Place) -> Action {
        if self.is_in_flight(id) {
            // Not under its id: that one belongs to the request that is running.
            return failed(0, error(ErrorCode::BadRequest, "This id is in use."));
        }
        if let Err(problem) = assist::check(&request) {
            return failed(id, WireError::new(&problem));
        }
        // What the user takes back is taken back, however much is going on.
        let is_urgent = matches!(
            request,
            HostRequest::Revoke { .. }
                | HostRequest::DeleteEverything { .. }
                | HostRequest::Personal {
                    task: PersonalTask::SwitchOff | PersonalTask::EraseAll,
                    ..
                }
        );
        if self.in_flight.len() >= MAX_IN_FLIGHT && !is_urgent {
            return failed(
                id,
                error(
                    ErrorCode::Overloaded,
                    "Too many requests at once; wait for one to end.",
                ),
            );
        }
        self.in_flight.insert(id, place);
        match place {
            Place::Worker => Action::Work(request),
            Place::Cloud => Action::Cloud(request),
            Place::Update => Action::Update(request),
            Place::Personal => Action::Personal(request),
        }
    }

    /// An event from the worker. One about a request that ended already is dropped.
    pub fn worker_said(&mut self, event: HostEvent) -> Option<HostEvent> {
        let (id, is_last) = match &event {
            HostEvent::Progress { id, .. } | HostEvent::Delta { id, .. } => (*id, false),
            HostEvent::Done { id, .. } | HostEvent::Error { id, .. } => (*id, true),
            // Not the worker's to say.
            HostEvent::Welcome { .. }
            | HostEvent::Status { .. }
            | HostEvent::Decision { .. }
            | HostEvent::Consent { .. }
            | HostEvent::Audit { .. }
            | HostEvent::AuditVerdict { .. }
            | HostEvent::PackOffer { .. }
            | HostEvent::PackChunk { .. }
            | HostEvent::UpdatePlan { .. }
            | HostEvent::Updated { .. }
            | HostEvent::Personal { .. }
            | HostEvent::Deleted { .. } => return None,
        };
        self.passed_on(event, id, is_last, Place::Worker)
    }

    /// An event from whoever speaks with the endpoint. One about a request that ended already is dropped.
    pub fn cloud_said(&mut self, event: HostEvent) -> Option<HostEvent> {
        let (id, is_last) = match &event {
            HostEvent::Consent { id, .. } | HostEvent::Delta { id, .. } => (*id, false),
            HostEvent::Done { id, .. }
            | HostEvent::Status { id, .. }
            | HostEvent::Audit { id, .. }
            | HostEvent::AuditVerdict { id, .. }
            | HostEvent::Deleted { id, .. }
            | HostEvent::Error { id, .. } => (*id, true),
            HostEvent::Welcome { .. }
            | HostEvent::Decision { .. }
            | HostEvent::Progress { .. }
            | HostEvent::PackOffer { .. }
            | HostEvent::PackChunk { .. }
            | HostEvent::UpdatePlan { .. }
            | HostEvent::Updated { .. }
            | HostEvent::Personal { .. } => {
                return None;
            }
        };
        self.passed_on(event, id, is_last, Place::Cloud)
    }

    /// An event from whoever updates models. One about a request that ended already is dropped.
    pub fn update_said(&mut self, event: HostEvent) -> Option<HostEvent> {
        let (id, is_last) = match &event {
            HostEvent::Progress { id, .. } => (*id, false),
            HostEvent::UpdatePlan { id, .. }
            | HostEvent::Updated { id, .. }
            | HostEvent::Error { id, .. } => (*id, true),
            _ => return None,
        };
        self.passed_on(event, id, is_last, Place::Update)
    }

    /// An event from whoever keeps what is personal. One about a request that ended already is dropped.
    pub fn personal_said(&mut self, event: HostEvent) -> Option<HostEvent> {
        let (id, is_last) = match &event {
            HostEvent::Progress { id, .. } => (*id, false),
            HostEvent::Personal { id, .. } | HostEvent::Error { id, .. } => (*id, true),
            _ => return None,
        };
        self.passed_on(event, id, is_last, Place::Personal)
    }

    /// The event, if it is about a request that is in flight there.
    fn passed_on(
        &mut self,
        event: HostEvent,
        id: u32,
        is_last: bool,
        place: Place,
    ) -> Option<HostEvent> {
        let is_known = self.in_flight.get(&id) == Some(&place);
        if is_known && is_last {
            self.in_flight.remove(&id);
        }
        is_known.then_some(event)
    }

    /// The worker is gone, or could not be started: everything that waited for it ends now.
    pub fn worker_lost(&mut self, why: &WireError) -> Vec<HostEvent> {
        let lost = self
            .in_flight
            .extract_if(.., |_, place| *place == Place::Worker);
        lost.map(|(id, _)| HostEvent::Error {
            id,
            error: why.clone(),
        })
        .collect()
    }
}

/// The id of a request.
pub fn id_of(request: &HostRequest) -> u32 {
    match request {
        HostRequest::Hello { id, .. }
        | HostRequest::Status { id }
        | HostRequest::Summarize { id, .. }
        | HostRequest::Chat { id, .. }
        | HostRequest::Escalate { id, .. }
        | HostRequest::Consent { id, .. }
        | HostRequest::Revoke { id, .. }
        | HostRequest::UnlockKey { id, .. }
        | HostRequest::ListAudit { id, .. }
        | HostRequest::VerifyAudit { id }
        | HostRequest::OfferPack { id, .. }
        | HostRequest::ReadPack { id, .. }
        | HostRequest::CheckUpdates { id, .. }
        | HostRequest::ApplyUpdates { id, .. }
        | HostRequest::Personal { id, .. }
        | HostRequest::DeleteEverything { id }
        | HostRequest::Cancel { id } => *id,
    }
}

fn failed(id: u32, error: WireError) -> Action {
    Action::Reply(HostEvent::Error { id, error })
}

fn error(code: ErrorCode, message: &str) -> WireError {
    WireError {
        code,
        message: message.to_owned(),
        retryable: code.retryable(),
    }
}
