//! Brings a piece of a file into the journal, for as long as that takes.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::standing::Standing;
use crate::events::{RawEvent, Refusal};
use crate::intake::{Intake, Post};
use crate::model::{Force, SourceName};
use crate::store::Store;

/// Between two tries where nobody knows how long it will take.
const AGAIN: Duration = Duration::from_secs(5);

/// See the module.
pub(super) struct Bringer {
    pub(super) intake: Arc<Intake>,
    pub(super) store: Arc<Store>,
    pub(super) known: Arc<dyn Fn(&Force) -> bool + Send + Sync>,
    pub(super) standing: Arc<Standing>,
    /// Disconnected when the host stops.
    pub(super) stopped: Receiver<()>,
    pub(super) force: Force,
    pub(super) source: Option<SourceName>,
}

/// The host stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stopping;

impl Bringer {
    /// Waits.
    pub(super) fn sleep(&self, time: Duration) -> Result<(), Stopping> {
        match self.stopped.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            _ => Err(Stopping),
        }
    }

    /// Whether the force may send; else what is wrong.
    pub(super) fn may_send(&self) -> Result<(), String> {
        match (self.known)(&self.force) {
            true => Ok(()),
            false => Err(format!("force {} is not there, or suspended: see `cordon force list`", self.force)),
        }
    }

    /// Brings events until they are durable; the key makes a repetition harmless.
    pub(super) fn bring(&self, key: String, events: &[Result<RawEvent, Refusal>]) -> Result<(), Stopping> {
        let mut post = Post { force: self.force.clone(), source: self.source.clone(), received: 0, key: Some(key) };
        loop {
            post.received = crate::clock::now_micros();
            match self.intake.accept_events(&post, events) {
                Ok(accepted) => {
                    self.standing.took(&accepted);
                    return Ok(());
                }
                Err(error) => {
                    self.standing.problem(Some(error.to_string()));
                    self.sleep(error.retry_after().map_or(AGAIN, Duration::from_secs))?;
                }
            }
        }
    }

    /// Does what needs the store or a disk until it is done.
    pub(super) fn insist<T, E: std::fmt::Display>(
        &self,
        mut work: impl FnMut() -> Result<T, E>,
    ) -> Result<T, Stopping> {
        loop {
            match work() {
                Ok(done) => return Ok(done),
                Err(error) => {
                    self.standing.problem(Some(error.to_string()));
                    self.sleep(AGAIN)?;
                }
            }
        }
    }
}
