//! The user's endpoint: whether and what may be sent to it, and the sending. In the broker only; the worker, which reads
//! pages' text with a library of others, has no network.
//!
//! - [`desk`] takes a request from policy through the question to its end, and makes no connection.
//! - [`courier`] and [`client`] carry what was agreed to. They take a [`sotto_core::consent::ConsentToken`], and nothing else
//!   gives them bytes.
//! - [`endpoint`], [`setup`], [`keys`], [`enterprise`] are what the user and the administrator decided.

mod answer;
mod client;
mod command;
mod courier;
mod desk;
mod endpoint;
mod enterprise;
mod error;
mod http;
mod journal;
pub(crate) mod keys;
mod office;
mod outcome;
mod permit;
mod price;
mod retry;
mod setup;
mod sse;
mod standing;
pub mod throttle;
mod transport;

pub use answer::{Answer, Finish, Step};
pub use client::{Client, Completed, Gate, Timeouts};
pub(crate) use command::secret;
pub use command::{CloudCommand, CloudCommandError};
pub use courier::{Courier, Dispatch, News, TaskCourier, now_ms};
pub use desk::{Desk, Telling};
pub use endpoint::{Endpoint, EndpointConfig, KeyPlace, Preset};
pub use enterprise::EnterprisePolicy;
pub use error::{CloudError, SetupError};
pub use http::HttpTransport;
pub use keys::{ApiKey, KeyError, KeyFile, in_keyring};
pub use office::Office;
pub use price::{Price, Usage};
pub use setup::{ReadSetup, Setup, SetupFiles};
pub use sse::EventStream;
pub use transport::{Body, Head, Transport};
