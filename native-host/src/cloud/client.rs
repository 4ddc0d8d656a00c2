//! Asking an endpoint: one token, at most a few tries, one answer.

use std::time::Duration;

use sotto_core::consent::ConsentToken;
use tokio::time::{Instant, sleep, timeout};

use super::answer::{Answer, Finish, Step};
use super::error::CloudError;
use super::keys::ApiKey;
use super::price::Usage;
use super::retry;
use super::sse::EventStream;
use super::transport::{Body, Head, Transport};

/// Most bytes of one answer, whatever they are: sixteen times the longest text, since each token comes in a frame of its own.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// From sending to the answer's head. Servers of one's own read the whole prompt first: a long one takes minutes on a
    /// CPU.
    pub head: Duration,
    /// From one event to the next. Counted in events, not in bytes: a server that sends a byte now and then has stopped
    /// answering, too.
    pub idle: Duration,
    /// For all of it.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(180),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
        }
    }
}

/// What the client needs of the rest of the program.
pub trait Gate: Send + Sync {
    /// May one more try go out? Counts it, and what it may cost. Called before every try, with nothing sent before it says
    /// yes.
    ///
    /// # Errors
    /// [`CloudError::Throttled`], [`CloudError::BudgetSpent`], [`CloudError::Records`].
    fn admit(&self) -> Result<(), CloudError>;

    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64;

    /// A random number in 0..=1.
    fn jitter(&self) -> f64;
}

/// An answer that is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completed {
    /// Why it ended.
    pub finish: Finish,
    /// What it cost, if the endpoint says so.
    pub usage: Option<Usage>,
    /// Until the first piece of text.
    pub first_text: Duration,
    /// In all.
    pub total: Duration,
}

/// A client for one endpoint.
#[derive(Debug, Clone)]
pub struct Client<T> {
    transport: T,
    timeouts: Timeouts,
}

impl<T: Transport> Client<T> {
    /// A client that sends through `transport`.
    pub fn new(transport: T, timeouts: Timeouts) -> Self {
        Self {
            transport,
            timeouts,
        }
    }

    /// Sends what the token holds and hands the answer to `text` piece by piece. Dropping the future ends the connection.
    ///
    /// # Errors
    /// [`CloudError`]. What was handed out stands.
    pub async fn send(
        &self,
        token: ConsentToken,
        key: Option<&ApiKey>,
        gate: &dyn Gate,
        mut text: impl FnMut(&str) + Send,
    ) -> Result<Completed, CloudError> {
        let limit = self.timeouts.total;
        let tries = self.tries(&token, key, gate, &mut text);
        timeout(limit, tries)
            .await
            .unwrap_or(Err(CloudError::TooLong { limit }))
    }

    async fn tries(
        &self,
        token: &ConsentToken,
        key: Option<&ApiKey>,
        gate: &dyn Gate,
        text: &mut (impl FnMut(&str) + Send),
    ) -> Result<Completed, CloudError> {
        let start = Instant::now();
        let mut attempt = 1;
        loop {
            gate.admit()?;
            let mut first_text = None;
            let mut note = |piece: &str| {
                first_text.get_or_insert_with(|| start.elapsed());
                text(piece);
            };
            let error = match self.one(token, key, gate.now_ms(), &mut note).await {
                Ok((finish, usage)) => {
                    let total = start.elapsed();
                    return Ok(Completed {
                        finish,
                        usage,
                        first_text: first_text.unwrap_or(total),
                        total,
                    });
                }
                Err(error) => error,
            };
            let wait = retry::wait(&error, attempt, first_text.is_some(), gate.jitter());
            let Some(wait) = wait else {
                return Err(error);
            };
            sleep(wait).await;
            attempt += 1;
        }
    }

    async fn one(
        &self,
        token: &ConsentToken,
        key: Option<&ApiKey>,
        now_ms: u64,
        text: &mut (impl FnMut(&str) + Send),
    ) -> Result<(Finish, Option<Usage>), CloudError> {
        let Timeouts { head, idle, .. } = self.timeouts;
        let post = timeout(head, self.transport.post(token, key, now_ms));
        let head = post
            .await
            .unwrap_or(Err(CloudError::Timeout { silence: head }))?;
        let mut body = accepted(head)?;
        let mut stream = EventStream::default();
        let mut answer = Answer::default();
        let mut body_bytes = 0;
        let mut deadline = Instant::now() + idle;
        loop {
            let chunk = tokio::time::timeout_at(deadline, body.chunk())
                .await
                .unwrap_or(Err(CloudError::Timeout { silence: idle }))?;
            let Some(chunk) = chunk else {
                // Some servers leave `[DONE]` out; one that did not say why it stopped was cut off.
                let finish = answer.finish().ok_or(CloudError::Cut(None))?;
                return Ok((finish, answer.usage()));
            };
            body_bytes += chunk.len();
            if body_bytes > MAX_BODY_BYTES {
                return Err(CloudError::TooLarge {
                    limit_bytes: MAX_BODY_BYTES,
                });
            }
            for data in stream.push(&chunk)? {
                deadline = Instant::now() + idle;
                match answer.take(&data)? {
                    Step::Text(piece) if piece.is_empty() => {}
                    Step::Text(piece) => text(&piece),
                    Step::End => {
                        let finish = answer.finish().unwrap_or(Finish::Complete);
                        return Ok((finish, answer.usage()));
                    }
                }
            }
        }
    }
}

/// The body of an answer that is one. That of any other is not read: it may quote what was sent.
fn accepted<B>(head: Head<B>) -> Result<B, CloudError> {
    let Head {
        status,
        retry_after,
        ..
    } = head;
    match status {
        200 if head.is_event_stream => Ok(head.body),
        200 => Err(CloudError::Invalid("it is not a stream of events")),
        300..=399 => Err(CloudError::Redirected),
        401 | 403 => Err(CloudError::Unauthorized { status }),
        429 => Err(CloudError::RateLimited { retry_after }),
        400..=499 => Err(CloudError::Rejected { status }),
        500..=599 => Err(CloudError::Failed {
            status,
            retry_after,
        }),
        _ => Err(CloudError::Invalid("its status is none of an answer")),
    }
}
