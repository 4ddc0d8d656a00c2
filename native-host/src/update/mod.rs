//! Newer models, from a place that nobody has to trust.
//!
//! A *source* is a folder of static files: on a web server, in a bucket, on a stick. What it serves is signed twice. **TUF
//! metadata** (root, targets, snapshot, timestamp) says which files belong together and how fresh they are; the crate `tough`
//! verifies it, this module carries the bytes and keeps what was trusted before. **The pack's own signature** by a key that
//! is compiled in says that it is a model of ours. Either alone is not enough.
//!
//! Nothing is fetched unless the user asked: [`Updater::check`] fetches metadata and manifests and makes a [`Plan`] with sizes,
//! [`Updater::apply`] does what the plan says. Every file is fetched into a folder that no reader looks at, is verified there, and
//! comes into use by one atomic rename of the state's file ([`crate::models::UpdateState`]), after the new model gave its known answer in a worker of its own. A
//! power cut at any moment leaves the old model or the new one.

mod apply;
mod blobs;
mod command;
mod desk;
mod error;
mod failpoint;
mod fetch;
mod plan;
mod prove;
mod repository;
mod source;
mod trust;
mod updater;

pub use command::UpdateCommand;
pub use desk::UpdateDesk;
pub use error::UpdateError;
pub use plan::{PackPlan, Plan};
pub(crate) use prove::ProofReport;
pub use prove::{Prove, Verdict, WorkerProof};
pub use source::{Source, SourceConfig};
pub use updater::{Outcome, Progress, Updater};
