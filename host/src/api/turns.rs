//! Turns: how many requests with events are read at the same time, of all forces and of one. No force has all of them, or
//! its senders that trickle would hold up every other's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::model::Force;

/// See the module.
pub struct Turns {
    all: Semaphore,
    /// By force: as many as send.
    own: Mutex<BTreeMap<Force, Arc<Semaphore>>>,
    /// Turns that one force may have.
    share: usize,
}

/// Kept as long as the request is read.
pub(super) struct Turn<'a> {
    _own: OwnedSemaphorePermit,
    _all: SemaphorePermit<'a>,
}

impl Turns {
    /// So many at a time; of one force three quarters of them.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self { all: Semaphore::new(at_once), own: Mutex::default(), share: at_once - at_once / 4 }
    }

    /// Waits for a turn of this force.
    pub(super) async fn take(&self, force: &Force) -> Result<Turn<'_>, AcquireError> {
        let own = {
            let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(own.entry(force.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.share))))
        };
        // Whoever waits for the force's own turn holds none of all.
        Ok(Turn { _own: own.acquire_owned().await?, _all: self.all.acquire().await? })
    }
}
