//! How requests end before they have an answer: stopped, revoked, or the browser is gone.

use sotto_core::consent::ConsentError;

use super::{Desk, Flight, Telling, failed};
use crate::cloud::client::Completed;
use crate::cloud::courier::{Courier, lock, now_ms};
use crate::cloud::error::CloudError;
use crate::cloud::journal;
use crate::cloud::setup::ReadSetup;

impl<C: Courier, S: ReadSetup> Desk<C, S> {
    pub(super) fn cancelled(&mut self, id: u32, now_ms: u64) -> Vec<Telling> {
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
    pub(super) fn stopped(
        &self,
        id: u32,
        number: u32,
        error: &CloudError,
        now_ms: u64,
    ) -> Vec<Telling> {
        self.journal.stopped(number, error, now_ms);
        failed(id, error)
    }

    /// Ends what is on its way.
    pub(super) fn grounded(
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

    pub(super) fn note_landing(
        &self,
        flight: &Flight,
        result: Result<&Completed, &CloudError>,
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
    pub(super) fn revoked(&mut self, id: u32, site: Option<&str>, now_ms: u64) -> Vec<Telling> {
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
    pub(super) fn end_all(&mut self, site: Option<&str>, now_ms: u64) -> Vec<Telling> {
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
