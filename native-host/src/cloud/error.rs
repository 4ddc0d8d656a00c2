//! What can go wrong on the way to an endpoint and back. No message quotes what was sent or answered, nor a key.

use std::path::PathBuf;
use std::time::Duration;

use sotto_core::consent::ConsentError;
use sotto_core::protocol::{Coded, ErrorCode, RouteDecision};

use super::keys::KeyError;

/// Why an endpoint was not asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// No endpoint is set up.
    #[error("No endpoint is set up. Run: sotto-host cloud set")]
    NotConfigured,
    /// What is set up cannot be used.
    #[error("The endpoint cannot be used: {0}. Run: sotto-host cloud set")]
    Setup(#[from] SetupError),
    /// [`sotto_core::policy`] says no.
    #[error("{}", sotto_core::policy::sentence(.0))]
    Forbidden(RouteDecision),
    /// There is no token for it.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The requests of this minute or day are used up.
    #[error("The {limit} requests that you allow per {period} are used up. Try again in {}.", span(*wait))]
    Throttled {
        /// How many are allowed.
        limit: u32,
        /// `minute` or `day`.
        period: &'static str,
        /// Until the next one is.
        wait: Duration,
    },
    /// The next request could cost more than is left.
    #[error("This could cost more than is left of your spending cap for thirty days.")]
    BudgetSpent,
    /// No connection.
    #[error("The endpoint could not be reached. Is it running, and is there a network?")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The certificate is not trusted, or TLS failed otherwise.
    #[error("The endpoint's certificate is not trusted. Nothing was sent.")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It said nothing for too long.
    #[error("The endpoint was silent for {} and was given up.", span(*silence))]
    Timeout {
        /// How long.
        silence: Duration,
    },
    /// It was at work for longer than anybody waits.
    #[error("The endpoint did not come to an end within {} and was given up.", span(*limit))]
    TooLong {
        /// How long it was given.
        limit: Duration,
    },
    /// It answered with a redirect.
    #[error(
        "The endpoint sends requests to another address. Nobody went there; set the right address up."
    )]
    Redirected,
    /// 401 or 403.
    #[error("The endpoint does not accept the key (status {status}).")]
    Unauthorized {
        /// The HTTP status.
        status: u16,
    },
    /// 429.
    #[error("The endpoint wants fewer requests (status 429).{}", asks_to_wait(*.retry_after))]
    RateLimited {
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// Another 4xx.
    #[error("The endpoint refused the request (status {status}).{}", hint(*status))]
    Rejected {
        /// The HTTP status.
        status: u16,
    },
    /// 5xx.
    #[error("The endpoint failed (status {status}).")]
    Failed {
        /// The HTTP status.
        status: u16,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// It reported an error in the middle of its answer.
    #[error("The endpoint reported an error in the middle of its answer.")]
    FailedMidway,
    /// Not the protocol.
    #[error("The endpoint's answer cannot be understood: {0}.")]
    Invalid(&'static str),
    /// More than anybody reads.
    #[error("The endpoint's answer is longer than {} KiB and was cut off.", limit_bytes / 1024)]
    TooLarge {
        /// The limit that it met.
        limit_bytes: usize,
    },
    /// The connection ended in the middle.
    #[error("The endpoint's answer broke off.")]
    Cut(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// Nothing is sent that is not recorded.
    #[error("The record of what is sent could not be written. Nothing was sent.")]
    Records(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The record cannot be read or deleted.
    #[error("The record of what was sent cannot be read or deleted. Run: sotto-host audit verify")]
    RecordsUnreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The user stopped it.
    #[error("Stopped.")]
    Cancelled,
    /// More at once than are served.
    #[error("Too many requests at once; wait for one to end.")]
    Overloaded,
    /// The message is not one that can be worked on.
    #[error("{0}")]
    BadRequest(#[from] sotto_core::assist::RequestError),
    /// What would be sent does not fit into a message to the browser.
    #[error("The text is longer than can be shown before it is sent. Select less of it.")]
    PayloadTooLarge,
    /// A bug.
    #[error("Something is wrong in the host: {0}.")]
    Internal(&'static str),
}

/// What is wrong with an endpoint that somebody set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Not a URL.
    #[error("its address is not a URL")]
    NotAUrl,
    /// Neither https nor on this device.
    #[error("its address must begin with https:// unless it is on this device")]
    NotHttps,
    /// A user, password, query or fragment in the address.
    #[error("its address must be without user, password, query and fragment")]
    ExtraParts,
    /// A field is out of its range.
    #[error("{0} is out of its range")]
    OutOfRange(&'static str),
    /// A cap needs a price to be a cap on.
    #[error("a spending cap needs prices")]
    CapWithoutPrice,
    /// The file of certificates.
    #[error("the certificates in {} cannot be read", path.display())]
    Certificates {
        /// Which file.
        path: PathBuf,
    },
    /// The file that holds it.
    #[error("{} cannot be read", path.display())]
    File {
        /// Which file.
        path: PathBuf,
    },
}

impl CloudError {
    /// Whether the endpoint did no work that anyone could ask money for.
    pub fn is_free(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::Tls(_)
                | Self::Redirected
                | Self::Unauthorized { .. }
                | Self::RateLimited { .. }
                | Self::Rejected { .. }
                | Self::Failed { .. }
        )
    }

    /// The HTTP status that it rests on, for the record.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorized { status }
            | Self::Rejected { status }
            | Self::Failed { status, .. } => Some(*status),
            Self::RateLimited { .. } => Some(429),
            _ => None,
        }
    }
}

impl Coded for CloudError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NotConfigured | Self::Setup(_) => ErrorCode::CloudNotConfigured,
            Self::Forbidden(_) => ErrorCode::CloudForbidden,
            Self::Consent(error) => error.code(),
            Self::Key(_) => ErrorCode::CloudKeyLocked,
            Self::Throttled { .. } => ErrorCode::CloudThrottled,
            Self::BudgetSpent => ErrorCode::CloudBudgetSpent,
            Self::Unreachable(_) => ErrorCode::CloudUnreachable,
            Self::Tls(_) => ErrorCode::CloudTls,
            Self::Timeout { .. } | Self::TooLong { .. } => ErrorCode::CloudTimeout,
            Self::Redirected => ErrorCode::CloudRedirected,
            Self::Unauthorized { .. } => ErrorCode::CloudUnauthorized,
            Self::RateLimited { .. } => ErrorCode::CloudRateLimited,
            Self::Rejected { .. } => ErrorCode::CloudRejected,
            Self::Failed { .. } | Self::FailedMidway => ErrorCode::CloudFailed,
            Self::Invalid(_) => ErrorCode::CloudInvalid,
            Self::TooLarge { .. } => ErrorCode::CloudTooLarge,
            Self::Cut(_) => ErrorCode::CloudCut,
            Self::Records(_) | Self::RecordsUnreadable(_) => ErrorCode::AuditFailed,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::Overloaded => ErrorCode::Overloaded,
            Self::BadRequest(error) => error.code(),
            Self::PayloadTooLarge => ErrorCode::TooLarge,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }
}

/// A length of time for people.
fn span(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    match seconds {
        0..=1 => "1 second".to_owned(),
        2..=119 => format!("{seconds} seconds"),
        120..=7_199 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3_600)),
    }
}

fn asks_to_wait(retry_after: Option<Duration>) -> String {
    retry_after.map_or(String::new(), |wait| {
        format!(" It asks to wait {}.", span(wait))
    })
}

fn hint(status: u16) -> &'static str {
    match status {
        402 => " It wants to be paid first.",
        404 => " It knows no such address or model.",
        413 => " The text is too long for it.",
        _ => "",
    }
}
