//! One try of one request, as the client sees it. The real one is [`super::http`]; tests have one of their own.

use std::future::Future;
use std::time::Duration;

use sotto_core::consent::ConsentToken;

use super::error::CloudError;
use super::keys::ApiKey;

/// Carries a payload to an endpoint. **It takes the bytes from a token and has no other way to get any.**
pub trait Transport {
    /// The answer's body.
    type Body: Body;

    /// Sends the token's payload once, and gives the answer's head.
    ///
    /// # Errors
    /// [`CloudError::Consent`] if the token is not for this endpoint and moment, [`CloudError::Unreachable`],
    /// [`CloudError::Tls`], [`CloudError::Cut`].
    fn post(
        &self,
        token: &ConsentToken,
        key: Option<&ApiKey>,
        now_ms: u64,
    ) -> impl Future<Output = Result<Head<Self::Body>, CloudError>> + Send;
}

/// A body that comes in pieces.
pub trait Body: Send {
    /// The next piece; none at the end. Dropping the future loses nothing but the body.
    ///
    /// # Errors
    /// [`CloudError::Cut`].
    fn chunk(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, CloudError>> + Send;
}

/// The head of an answer.
#[derive(Debug)]
pub struct Head<B> {
    /// The HTTP status.
    pub status: u16,
    /// Whether the content type is that of an event stream.
    pub is_event_stream: bool,
    /// `Retry-After` in seconds. The form with a date is not read: nobody uses it here.
    pub retry_after: Option<Duration>,
    /// What follows.
    pub body: B,
}
