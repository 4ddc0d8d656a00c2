//! The one way out, and who may open it.
//!
//! Nothing is sent without a [`ConsentToken`], which holds the exact bytes to send. A token is made in one place only, by
//! a [`Ledger`], from the user's answer to a question that showed these bytes, or from a permission for a site that the user
//! gave and that still holds. It cannot be copied, and the client takes it away from whoever sends:
//!
//! ```compile_fail,E0451
//! // Nobody else can make one.
//! use sotto_core::consent::{ConsentToken, Payload, Fingerprint};
//! fn forge(payload: Payload, endpoint: Fingerprint) -> ConsentToken {
//!     ConsentToken { payload, endpoint, issued_at_ms: 0, expires_at_ms: u64::MAX, site: None }
//! }
//! ```
//!
//! ```compile_fail,E0599
//! // Nor send twice with one.
//! use sotto_core::consent::ConsentToken;
//! fn copy(token: &ConsentToken) -> ConsentToken {
//!     token.clone()
//! }
//! ```
//!
//! Time is an argument, in milliseconds since 1970. **A clock that was set back ends every permission**: how long it has
//! held is then not known.

mod endpoint;
mod error;
mod ledger;
mod payload;
mod scope;
mod token;

pub use endpoint::{EndpointTerms, Fingerprint, TokenLimitField};
pub use error::ConsentError;
pub use ledger::{Ledger, Nonce, Question, Verdict};
pub use payload::Payload;
pub use scope::{Scope, is_site};
pub use token::ConsentToken;

/// How long a question may stand on the screen. Long enough to read a long text, short enough that what is sent is still
/// what the user had in mind.
pub const QUESTION_LIFETIME_MS: u64 = 10 * 60 * 1_000;

/// How long a token may wait between the answer and the sending: the throttle and retries take at most this long.
pub const TOKEN_LIFETIME_MS: u64 = 2 * 60 * 1_000;

#[cfg(test)]
mod tests;
