//! Questions that are open, and permissions that hold.

use std::collections::BTreeMap;
use std::fmt;

use super::{
    ConsentError, ConsentToken, Fingerprint, Payload, QUESTION_LIFETIME_MS, Scope,
    TOKEN_LIFETIME_MS, is_site,
};
use crate::pack::Sha256;
use crate::protocol::{ConsentAnswer, ConsentChoice, MAX_SCOPE_MINUTES, RedactionEdits};

/// Names one question. Random, so that an answer cannot be made without having seen the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonce(pub [u8; 16]);

/// What a question is about.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// What would be sent.
    pub payload: &'a Payload,
    /// Where to.
    pub endpoint: Fingerprint,
    /// Where the text comes from, if it comes from a site.
    pub site: Option<&'a str>,
}

/// What an answer comes to.
#[derive(Debug)]
pub enum Verdict {
    /// Send it.
    Send(ConsentToken),
    /// Hide more or less, and ask again: the question is closed, and a new one with a new nonce must be opened.
    Revise(RedactionEdits),
}

/// Every question that is open and every permission that holds. One per host.
#[derive(Debug, Default)]
pub struct Ledger {
    open: BTreeMap<u32, Open>,
    scopes: Vec<Scope>,
}

#[derive(Debug)]
struct Open {
    nonce: Nonce,
    payload: Sha256,
    endpoint: Fingerprint,
    site: Option<String>,
    asked_at_ms: u64,
}

impl Ledger {
    /// Puts the permissions that are stored in the place of those that it knows: several hosts share one store. Those
    /// that do not hold are left out.
    pub fn restore(&mut self, scopes: Vec<Scope>, now_ms: u64) {
        self.scopes = scopes;
        self.expire(now_ms);
    }

    /// Notes that `question` is on the screen under `id`. An older one with this id is void.
    pub fn ask(&mut self, id: u32, nonce: Nonce, question: &Question<'_>, now_ms: u64) {
        let open = Open {
            nonce,
            payload: question.payload.sha256(),
            endpoint: question.endpoint,
            // Nobody can give a permission for what is no site.
            site: question
                .site
                .filter(|site| is_site(site))
                .map(str::to_owned),
            asked_at_ms: now_ms,
        };
        self.open.insert(id, open);
    }

    /// Takes the user's answer. `rebuilt` is the payload, built again from what was asked for and the settings as they
    /// are now; `endpoint` is the endpoint as it is now. **Whatever comes of it, the question is closed.**
    ///
    /// # Errors
    /// [`ConsentError`]; nothing may be sent then.
    pub fn answer(
        &mut self,
        id: u32,
        answer: &ConsentAnswer,
        rebuilt: Payload,
        endpoint: Fingerprint,
        now_ms: u64,
    ) -> Result<Verdict, ConsentError> {
        let open = self.open.remove(&id).ok_or(ConsentError::NotAsked)?;
        if answer.nonce != open.nonce.to_string() {
            return Err(ConsentError::WrongNonce);
        }
        if answer.choice == ConsentChoice::No {
            return Err(ConsentError::Declined);
        }
        if !lasts(open.asked_at_ms, QUESTION_LIFETIME_MS, now_ms) {
            return Err(ConsentError::Expired);
        }
        if let ConsentChoice::Revise { edits } = &answer.choice {
            return Ok(Verdict::Revise(edits.clone()));
        }
        if endpoint != open.endpoint {
            return Err(ConsentError::EndpointDiffers);
        }
        // Three sums must agree: of what was asked about, of what was on the screen, of what would be sent.
        let shown = answer.payload_sha256.as_str();
        if rebuilt.sha256() != open.payload || shown != open.payload.to_string() {
            return Err(ConsentError::PayloadDiffers);
        }
        if let ConsentChoice::Site { minutes } = answer.choice {
            self.grant(open.site, endpoint, minutes, now_ms)?;
        }
        Ok(Verdict::Send(ConsentToken {
            payload: rebuilt,
            endpoint,
            issued_at_ms: now_ms,
            expires_at_ms: now_ms.saturating_add(TOKEN_LIFETIME_MS),
            // The user saw these bytes, whatever else was allowed.
            site: None,
        }))
    }

    /// A token for a payload that nobody looked at, if the user allowed that for this site and endpoint.
    ///
    /// # Errors
    /// Gives the payload back if nothing allows it: ask.
    pub fn under_scope(
        &mut self,
        payload: Payload,
        endpoint: Fingerprint,
        site: Option<&str>,
        now_ms: u64,
    ) -> Result<ConsentToken, Payload> {
        self.expire(now_ms);
        let scope = self
            .scopes
            .iter()
            .find(|scope| Some(scope.site.as_str()) == site && scope.endpoint == endpoint);
        match scope {
            Some(scope) => Ok(ConsentToken {
                payload,
                endpoint,
                issued_at_ms: now_ms,
                expires_at_ms: scope
                    .expires_at_ms
                    .min(now_ms.saturating_add(TOKEN_LIFETIME_MS)),
                site: Some(scope.site.clone()),
            }),
            None => Err(payload),
        }
    }

    /// The question under `id` is of no interest any more.
    pub fn close(&mut self, id: u32) {
        self.open.remove(&id);
    }

    /// Takes back the permission of `site`, or every one; and every open question that could give it again. Gives the ids
    /// of these questions.
    pub fn revoke(&mut self, site: Option<&str>) -> Vec<u32> {
        let is_meant = |other: Option<&str>| site.is_none() || other == site;
        self.scopes.retain(|scope| !is_meant(Some(&scope.site)));
        let closed = self
            .open
            .extract_if(.., |_, open| is_meant(open.site.as_deref()));
        closed.map(|(id, _)| id).collect()
    }

    /// Permissions that hold now.
    pub fn scopes(&mut self, now_ms: u64) -> &[Scope] {
        self.expire(now_ms);
        &self.scopes
    }

    /// Whether a question is open under `id`.
    pub fn is_open(&self, id: u32) -> bool {
        self.open.contains_key(&id)
    }

    fn grant(
        &mut self,
        site: Option<String>,
        endpoint: Fingerprint,
        minutes: u32,
        now_ms: u64,
    ) -> Result<(), ConsentError> {
        let site = site.ok_or(ConsentError::BadScope)?;
        if !(1..=MAX_SCOPE_MINUTES).contains(&minutes) {
            return Err(ConsentError::BadScope);
        }
        self.scopes.retain(|scope| scope.site != site);
        self.scopes.push(Scope {
            site,
            endpoint,
            granted_at_ms: now_ms,
            expires_at_ms: now_ms.saturating_add(u64::from(minutes) * 60_000),
        });
        Ok(())
    }

    fn expire(&mut self, now_ms: u64) {
        self.scopes.retain(|scope| scope.holds(now_ms));
    }
}

/// Whether what began then and lasts so long still holds.
fn lasts(since_ms: u64, lifetime_ms: u64, now_ms: u64) -> bool {
    now_ms
        .checked_sub(since_ms)
        .is_some_and(|age_ms| age_ms < lifetime_ms)
}

impl fmt::Display for Nonce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}
