//! The record, for the options page; and deleting everything.

use sotto_core::protocol::*;

use super::{Desk, Telling, failed};
use crate::cloud::courier::{Courier, lock};
use crate::cloud::error::CloudError;
use crate::cloud::keys::KeyError;
use crate::cloud::setup::ReadSetup;
use crate::store::StoreError;

impl<C: Courier, S: ReadSetup> Desk<C, S> {
    pub(super) fn list_audit(&self, id: u32, before: Option<u32>, limit: u32) -> Vec<Telling> {
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

    pub(super) fn verify_audit(&self, id: u32) -> Vec<Telling> {
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
    pub(super) fn delete_everything(&mut self, id: u32, now_ms: u64) -> Vec<Telling> {
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

    pub(super) fn forgotten(&mut self, id: u32, result: Result<(), KeyError>) -> Vec<Telling> {
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
