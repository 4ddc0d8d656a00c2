//! The process that the browser starts. It owns the wire and the worker, and outlives every worker.

mod huge_pages;
mod run;
mod session;
mod worker_process;

pub use huge_pages::large_pages;
pub use run::{Surroundings, run};
pub use session::{Action, MAX_IN_FLIGHT, Session, id_of};
pub use worker_process::{WorkerCommand, WorkerProcess};
