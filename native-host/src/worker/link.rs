//! What the worker tells the broker. The other way go the requests of the protocol, as they came from the browser.

use serde::{Deserialize, Serialize};
use sotto_core::protocol::HostEvent;

use crate::compiled::Statement;

/// Worker to broker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum FromWorker {
    /// For the browser.
    Event {
        /// The event.
        event: HostEvent,
    },
    /// An execution provider is about to be tried: if the worker dies now, it is to blame.
    Trying {
        /// Which one, as in the quarantine list.
        provider: String,
        /// Its version; a newer one gets another chance.
        version: String,
    },
    /// No execution provider is being tried any more.
    Tried,
    /// A graph was compiled and written, and would like to be vouched for.
    Compiled {
        /// What it was made from.
        statement: Box<Statement>,
    },
    /// A model is loaded.
    Loaded {
        /// What runs where.
        engine: LoadedEngine,
    },
}

/// What runs where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadedEngine {
    /// Name of the model.
    pub model: String,
    /// What it runs on, for people.
    pub device: String,
    /// Why there, as a sentence.
    pub reason: String,
    /// How the process is confined, for people.
    pub sandbox: String,
}
