//! Health: what the host notices of itself and of those who send to it, and the counts that must add up.
//!
//! A thread counts what came every second (`count`) and looks every few seconds: pure rules (`silence`, `skew`, `refusals`,
//! `expiry`, `lanes`, `disk`) say what is not as it should be, `condition` compares that with what was open, and the `book`
//! keeps it, durably. What begins, lasts or is over becomes an event of `cordon.health` in tenant `nmc`, and in the force's own
//! where it concerns one; the plugin `cordon-health` makes findings of them on the ordinary path. `quiet` learns how long each
//! source is quiet; `status` says how everything stands. Time is given. Decides nothing about forces: it only tells.

mod adds_up;
mod book;
pub mod condition;
mod count;
mod disk;
mod expiry;
mod lanes;
mod look;
mod quiet;
mod refusals;
mod silence;
mod skew;
mod status;
mod words;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use crate::identity::Identity;
use crate::intake::{Intake, IntakeError};
use crate::journal::{Journal, JournalError};
use crate::model::Force;
use crate::results::ledger::{self, Lines};
use crate::scheduler::{LaneStatus, Scheduler};
use crate::store::{Store, StoreError};
use crate::telemetry::LaneLag;

pub use adds_up::Sums;
pub use count::{Counter, UNKNOWN};
use look::Known;
pub use status::{ForceStatus, HostStatus, SourceStatus, Status};

/// How health is watched. Times in microseconds.
#[derive(Debug, Clone)]
pub struct HealthOptions {
    /// Between two looks.
    pub look: Duration,
    /// For how long a source may be quiet for which nothing else is set.
    pub quiet: i64,
    /// How long an event may wait for a plugin.
    pub lag: i64,
    /// Hours that the disk must last.
    pub disk_hours: u32,
    /// Days for which the ledger is kept.
    pub ledger_days: u32,
    /// Bytes of the disk that must stay free.
    pub disk_floor: u64,
    /// The data folder.
    pub data: PathBuf,
}

/// Why the host's health could not be looked at. Of the moment: the next look tries again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum HealthError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("an event of health cannot be written: {0}")]
    Intake(#[from] IntakeError),
    #[error("{0}")]
    Form(String),
    #[error("{}: {reason}", folder.display())]
    Disk { folder: PathBuf, reason: String },
}

/// What is watched, and with what.
pub struct HealthSetup {
    /// Counts what came.
    pub counter: Arc<Counter>,
    /// What came.
    pub journal: Arc<Journal>,
    /// Where counts and conditions are kept.
    pub store: Arc<Store>,
    /// Takes the events.
    pub intake: Arc<Intake>,
    /// Forces and tokens.
    pub identity: Arc<Identity>,
    /// Lanes.
    pub scheduler: Arc<Scheduler>,
    /// See there.
    pub options: HealthOptions,
    /// The time, microseconds since 1970 UTC.
    pub now: fn() -> i64,
}

/// See the module. Dropping it ends its thread.
pub struct Health {
    shared: Arc<Shared>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    setup: HealthSetup,
    known: Mutex<Known>,
    begun: Instant,
    /// When the thread last did its work, in seconds since `begun`.
    beat: AtomicU64,
}

/// Between two counts.
const TICK: Duration = Duration::from_secs(1);
/// Seconds without a sign of the thread after which it counts as stalled.
const STALLED: u64 = 60;

impl Health {
    /// Reads what is known and starts to look.
    ///
    /// # Errors
    /// The store's, and the system's when it gives no thread.
    pub fn start(setup: HealthSetup) -> Result<Self, HealthError> {
        let known = Mutex::new(Known::read(&setup)?);
        let shared = Arc::new(Shared { setup, known, begun: Instant::now(), beat: AtomicU64::new(0) });
        let (stop, stopped) = bounded(0);
        let on_thread = Arc::clone(&shared);
        let run = move || {
            let tick = TICK.min(on_thread.setup.options.look);
            let mut looked = Instant::now();
            while stopped.recv_timeout(tick) == Err(RecvTimeoutError::Timeout) {
                let is_due = looked.elapsed() >= on_thread.setup.options.look;
                if is_due {
                    looked = Instant::now();
                }
                on_thread.work(is_due);
            }
        };
        let thread = std::thread::Builder::new().name("health".into()).spawn(run);
        let thread = thread.map_err(|error| HealthError::Form(format!("no thread could be started: {error}")))?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Counts what came until now: then the ledger is up to date.
    ///
    /// # Errors
    /// See [`HealthError`].
    pub fn catch_up(&self) -> Result<(), HealthError> {
        self.shared.setup.counter.catch_up()
    }

    /// A force's ledger from hour `from` to hour `to` (microseconds since 1970 UTC), and whether it adds up: over all hours
    /// that are kept, whatever is asked for.
    ///
    /// # Errors
    /// See [`HealthError`].
    pub fn ledger(&self, force: &Force, from: i64, to: i64) -> Result<(Lines, Sums), HealthError> {
        let setup = &self.shared.setup;
        let lanes = || {
            let mut lanes = setup.scheduler.status();
            lanes.retain(|lane| lane.force == *force);
            lanes
        };
        let before = lanes();
        setup.counter.catch_up()?;
        let mut lines = ledger::lines(&setup.store, force, 0, i64::MAX)?;
        let sums = adds_up::check(&lines, &before, &lanes());
        lines.retain(|(_, hour), _| (from..=to).contains(hour));
        Ok((lines, sums))
    }

    /// Bytes that were free at the last look.
    #[must_use]
    pub fn disk_free(&self) -> Option<u64> {
        self.shared.known().disk.map(|disk| disk.free)
    }

    /// How far every lane is behind: in events now, in seconds since the oldest that waits, as the last look saw it.
    #[must_use]
    pub fn lags(&self) -> Vec<LaneLag> {
        let now = (self.shared.setup.now)();
        let running = self.shared.setup.scheduler.status();
        let known = self.shared.known();
        let lag = |lane: LaneStatus| {
            let behind = lane.head.saturating_sub(lane.cursor);
            let key = (lane.force.clone(), lane.plugin.clone());
            let since = known.lanes.get(&key).and_then(|lane| lane.waiting_since).filter(|_| behind > 0);
            let seconds = since.map_or(0, |since| now.saturating_sub(since).max(0) / 1_000_000);
            LaneLag {
                events: behind,
                seconds: seconds as u64,
                stands: lane.state != "running",
                force: lane.force.to_string(),
                source: lane.source.to_string(),
                plugin: lane.plugin,
            }
        };
        running.into_iter().map(lag).collect()
    }

    /// Seconds without a look, where that is too long: silence is then noticed by nobody.
    #[must_use]
    pub fn stalled(&self) -> Option<u64> {
        let ago = self.shared.begun.elapsed().as_secs().saturating_sub(self.shared.beat.load(Ordering::Relaxed));
        (ago > STALLED + self.shared.setup.options.look.as_secs() * 3).then_some(ago)
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn work(&self, look: bool) {
        let worked = self.setup.counter.catch_up().and_then(|()| if look { self.look() } else { Ok(()) });
        match worked {
            Ok(()) => self.beat.store(self.begun.elapsed().as_secs(), Ordering::Relaxed),
            Err(error) => tracing::error!("health: {error}"),
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
