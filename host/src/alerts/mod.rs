//! Alerts: what a person gets. Findings with the same fingerprint are one alert, which people work to an end.
//!
//! A thread follows what is found in every force (`follow`), a cursor of its own behind; pure rules join findings into alerts
//! (`join`); people's acts change them (`work`). An alert, the cursor and the change that made it are one commit, so a crash
//! loses no alert and doubles none; the log of changes (`book`) is what delivery follows. Tells nobody anything itself.

mod alert;
mod book;
mod exceptions;
mod flood;
mod follow;
mod incidents;
mod join;
mod maintenance;
mod scorecard;
mod texts;
mod timed;
mod work;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::Sender;

#[cfg(test)]
pub(crate) use alert::sample;
pub use alert::{Alert, Change, Evidence, Kind, State, Verdict};
pub use book::{Filter, Logged, alert as read, key, log_after, log_end};
pub use exceptions::{Condition, Exception, Hid, Sample};
pub use incidents::{Contribution, Incident, Score, Story, story_of};
pub use maintenance::Maintenance;
pub use scorecard::Score as RuleScore;
pub use timed::TimedError;
pub use work::{Work, WorkError, Worker};

use timed::Kept;

use crate::audit::Audit;
use crate::model::Force;
use crate::store::{Store, StoreError};

/// See the module. Dropping it ends its thread.
pub struct Alerts {
    shared: Arc<Shared>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    store: Arc<Store>,
    audit: Arc<Audit>,
    /// An alert is read, changed and committed by one at a time.
    changing: Mutex<()>,
    exceptions: Kept<Exception>,
    maintenance: Kept<Maintenance>,
    now: fn() -> i64,
    /// See [`flood`].
    rule_hourly: usize,
}

impl Shared {
    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Alerts {
    /// Starts to follow what is found; `forces` answers whom there is to follow, `now` the time in microseconds since 1970 UTC;
    /// `rule_hourly`: alerts of one rule in a force that are made one by one within an hour.
    ///
    /// # Errors
    /// When the system gives no thread, or exceptions cannot be read: what they hide would be told.
    pub fn start(
        store: Arc<Store>,
        audit: Arc<Audit>,
        forces: impl Fn() -> Vec<Force> + Send + 'static,
        now: fn() -> i64,
        rule_hourly: usize,
    ) -> std::io::Result<Self> {
        let exceptions = Kept::read(&store).map_err(std::io::Error::other)?;
        let maintenance = Kept::read(&store).map_err(std::io::Error::other)?;
        let shared =
            Arc::new(Shared { store, audit, changing: Mutex::default(), exceptions, maintenance, now, rule_hourly });
        let (stop, stopped) = crossbeam_channel::bounded(0);
        let on_thread = Arc::clone(&shared);
        let run = move || follow::run(&on_thread, &stopped, forces);
        let thread = std::thread::Builder::new().name("alerts".into()).spawn(run)?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// An alert by its reference, `avon-12`.
    ///
    /// # Errors
    /// The store's.
    pub fn get(&self, reference: &str) -> Result<Option<Alert>, StoreError> {
        match alert::numbered(reference) {
            Some((force, number)) => book::alert(&self.shared.store, &force, number),
            None => Ok(None),
        }
    }

    /// The number of a force's last alert; 0 where it has none.
    ///
    /// # Errors
    /// The store's.
    pub fn last(&self, force: &Force) -> Result<u64, StoreError> {
        book::last(&self.shared.store, force)
    }

    /// What became of an alert, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub fn history(&self, alert: &Alert) -> Result<Vec<Change>, StoreError> {
        book::history(&self.shared.store, alert)
    }

    /// Up to `limit` alerts of a force behind number `after` that a filter fits, and the number to go on behind; none where
    /// nothing is left.
    ///
    /// # Errors
    /// The store's.
    pub fn page(
        &self,
        force: &Force,
        after: u64,
        limit: usize,
        filter: &Filter,
    ) -> Result<(Vec<Alert>, Option<u64>), StoreError> {
        book::page(&self.shared.store, force, after, limit, filter)
    }
}

impl Drop for Alerts {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
