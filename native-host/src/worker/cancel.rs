//! Which requests are no longer wanted. Shared by the thread that reads and the one that works.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Ids of cancelled requests that have not ended yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancelled(Arc<Mutex<BTreeSet<u32>>>);

impl Cancelled {
    /// Marks a request.
    pub(crate) fn add(&self, id: u32) {
        self.ids().insert(id);
    }

    /// Whether a request is marked.
    pub(crate) fn contains(&self, id: u32) -> bool {
        self.ids().contains(&id)
    }

    /// The request ended; its id may be used again.
    pub(crate) fn forget(&self, id: u32) {
        self.ids().remove(&id);
    }

    fn ids(&self) -> std::sync::MutexGuard<'_, BTreeSet<u32>> {
        // A set of numbers is whole after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
