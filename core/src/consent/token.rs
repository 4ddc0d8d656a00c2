//! A token: these bytes may go there, now.

use super::{ConsentError, Fingerprint, Payload};

/// Permission to send one payload to one endpoint before a moment. Made by [`super::Ledger`] only; not `Clone`, so that it
/// is gone once it was used. Several tries of one sending are one use: they send the same bytes to the same place.
#[derive(Debug)]
#[must_use = "a token that is dropped sends nothing"]
pub struct ConsentToken {
    pub(super) payload: Payload,
    pub(super) endpoint: Fingerprint,
    pub(super) issued_at_ms: u64,
    pub(super) expires_at_ms: u64,
    /// The site whose permission it rests on; none for "once".
    pub(super) site: Option<String>,
}

impl ConsentToken {
    /// The bytes, if they may go to this endpoint now. Whoever sends asks again for every try.
    ///
    /// # Errors
    /// [`ConsentError::EndpointDiffers`], [`ConsentError::Expired`].
    pub fn open(&self, endpoint: Fingerprint, now_ms: u64) -> Result<&Payload, ConsentError> {
        if endpoint != self.endpoint {
            return Err(ConsentError::EndpointDiffers);
        }
        if !(self.issued_at_ms..self.expires_at_ms).contains(&now_ms) {
            return Err(ConsentError::Expired);
        }
        Ok(&self.payload)
    }

    /// The site whose permission it rests on; none if the user saw these very bytes.
    pub fn site(&self) -> Option<&str> {
        self.site.as_deref()
    }
}
