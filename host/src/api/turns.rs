//! Turns: how many requests with events are read at the same time, and how many are under way in all (read, or waiting for the
//! disk); of all forces, and of one. No force has all of either, or its senders would hold up every other's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::Api;
use super::answer::Refused;
use crate::model::Force;

/// Requests that may be under way for each one that may be read: most of a small request's time is its wait for the disk, where
/// it costs a thread that sleeps, and what it holds is bounded by `intake.memory-mib`.
const UNDER_WAY: usize = 16;

/// See the module.
pub struct Turns {
    all: Share,
    /// By force: as many as send.
    own: Mutex<BTreeMap<Force, Share>>,
    /// Requests of all forces that are read at the same time.
    at_once: usize,
}

#[derive(Clone)]
struct Share {
    read: Arc<Semaphore>,
    under_way: Arc<Semaphore>,
}

impl Share {
    fn of(at_once: usize) -> Self {
        let under_way = Semaphore::new(at_once * UNDER_WAY);
        Self { read: Arc::new(Semaphore::new(at_once)), under_way: Arc::new(under_way) }
    }
}

/// Kept until the request is answered.
pub(super) struct UnderWay {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

/// Kept as long as the request is read.
pub(super) struct Turn {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

/// How long a large body that is no events waits for its turn to be read.
const PATIENCE: Duration = Duration::from_secs(5);

impl Api {
    /// A turn for a large body that is no events.
    pub(super) async fn turn(&self, of: &Force) -> Result<(UnderWay, Turn), Refused> {
        match tokio::time::timeout(PATIENCE, self.at_once.take(of)).await {
            Ok(turns) => turns.map_err(|error| Refused::host(&error)),
            Err(_) => Err(Refused::busy("too many requests are read at the same time (`at-once`): come again later")),
        }
    }
}

impl Turns {
    /// So many are read at a time; of one force three quarters of them.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self { all: Share::of(at_once), own: Mutex::default(), at_once }
    }

    /// Waits for a turn of this force.
    pub(super) async fn take(&self, force: &Force) -> Result<(UnderWay, Turn), AcquireError> {
        let own = {
            let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
            own.entry(force.clone()).or_insert_with(|| Share::of(self.at_once - self.at_once / 4)).clone()
        };
        // Whoever waits for the force's own turn holds none of all.
        let under_way = own.under_way.acquire_owned().await?;
        let under_way = UnderWay { _own: under_way, _all: Arc::clone(&self.all.under_way).acquire_owned().await? };
        let read = own.read.acquire_owned().await?;
        Ok((under_way, Turn { _own: read, _all: Arc::clone(&self.all.read).acquire_owned().await? }))
    }
}
