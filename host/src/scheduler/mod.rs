//! The scheduler: takes batches of each lane's next events and has them run, until every lane stands at the journal's end.
//!
//! Owns the lanes and the worker threads. A lane is (force, plugin, kind: live, shadow or hunt); it has a cursor in every
//! source that its plugin reads. Which lanes there are is told from outside (`wanted`), at start and while events flow
//! (`take`). A lane's results and its cursor are one commit, so a wave that a crash cut off runs again from the same place, and
//! what was committed never does. One thread decides (`dispatch`), by pure rules (`lanes`, `fair`); the workers (`work`) form
//! batches (`form`), run plugins and say what is to be committed (`judge`), and find the events that one faults on (`narrow`).
//!
//! Everything under way is bounded: waves at a time, lanes of a wave, the workers' queue. Knows no HTTP and no token.

mod deployed;
mod dispatch;
mod fair;
mod form;
mod inherit;
mod judge;
mod lanes;
mod narrow;
mod records;
mod remember;
mod take;
mod wanted;
mod work;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use cordon_contract::limits::BATCH_ROWS;
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::events::Batch;
use crate::findings::Lane;
use crate::ids::Digest;
use crate::journal::{Journal, JournalError};
use crate::lists::Lists;
use crate::model::{Force, SourceName};
use crate::results::{self, Change, LaneSource, Resting};
use crate::sandbox::Sandbox;
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;
pub use deployed::Deployed;
use dispatch::{Begin, Dispatcher};
pub use lanes::Retries;
pub use wanted::Wanted;

/// What is scheduled, and with what.
pub struct Setup {
    /// Runs the plugins; made for as many workers.
    pub sandbox: Arc<Sandbox>,
    /// Where events come from.
    pub journal: Arc<Journal>,
    /// Where results go.
    pub store: Arc<Store>,
    /// A force's time zone.
    pub zone: Box<dyn Fn(&Force) -> TimeZone + Send + Sync>,
    /// What a force's plugins look up in.
    pub lists: Box<dyn Fn(&Force) -> Lists + Send + Sync>,
    /// Threads that run plugins.
    pub workers: usize,
    /// Counts what plugins do and cost.
    pub metrics: Arc<Metrics>,
    /// How often and when a lane is tried again.
    pub retries: Retries,
    /// A finding is late that is made longer than this after its event was received, in microseconds.
    pub late: i64,
}

/// A force's source.
type StreamKey = (Force, SourceName);

/// How one lane stands in one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LaneStatus {
    /// The force.
    pub force: Force,
    /// The source.
    pub source: SourceName,
    /// The plugin's id.
    pub plugin: String,
    /// Which of its lanes.
    pub lane: Lane,
    /// The version that it is to run.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// What it really ran last; none where it never ran yet.
    pub ran: Option<Ran>,
    /// Sequence number of the last event that it is done with.
    pub cursor: u64,
    /// Sequence number of the last durable event of the source; where a hunt ends, at most.
    pub head: u64,
    /// `running`, `paused` after a failure of the moment, `resting`, `leaving`: it ends its last batch; `promoting`: it
    /// changes its version once it stands beside its shadow.
    pub state: &'static str,
    /// Why it is paused or rests.
    pub why: Option<String>,
    /// On which events it rests, and since when.
    pub resting: Option<Resting>,
    /// Events since the host started.
    pub events: u64,
    /// Findings in the same time, repeats included.
    pub findings: u64,
    /// Skip records in the same time.
    pub skips: u64,
    /// Faults in the same time.
    pub faults: u64,
    /// CPU time in the same time, in microseconds.
    pub cpu_us: u64,
    /// Keys that had to go for others in the same time: there was no more room for what the lane remembers.
    pub evicted: u64,
    /// Events in the same time that came later than their window's lateness.
    pub late: u64,
}

/// What a lane really ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// The version.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// Sequence number of the first event that it ran on.
    pub from: u64,
    /// Since when, microseconds since 1970 UTC.
    pub since: i64,
}

impl Ran {
    fn of(change: &Change) -> Self {
        let Change { from, since, digest, .. } = *change;
        Self { version: change.version.clone(), digest, from, since }
    }
}

/// A plugin that some lane runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeployedPlugin {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// In which kind of lane.
    pub lane: Lane,
    /// The sources that it reads.
    pub sources: Vec<String>,
}

/// Why the scheduler does not start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SchedulerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
}

enum Order {
    Status(Sender<Vec<LaneStatus>>),
    Resume { lane: LaneSource, cursor: Option<u64>, done: Sender<()> },
    Take { wanted: Arc<Wanted>, begin: Begin, done: Sender<()> },
    Stop,
}

/// See the module. Dropping it stops it: what is under way is finished, nothing more is begun.
pub struct Scheduler {
    orders: Sender<Order>,
    setup: Arc<Setup>,
    wanted: RwLock<Arc<Wanted>>,
    threads: Vec<JoinHandle<()>>,
}

impl Scheduler {
    /// Starts where the store says that each lane is; a lane that it knows nothing of starts with the first event.
    ///
    /// # Errors
    /// The store's, and the system's when it gives no thread.
    pub fn start(setup: Setup, wanted: Wanted) -> Result<Self, SchedulerError> {
        let cursors: BTreeMap<LaneSource, u64> = results::cursors(&setup.store)?;
        let (wanted, ran) = (Arc::new(wanted), results::ran_last(&setup.store)?);
        let resting = resting(&setup.store, &wanted)?;
        let setup = Arc::new(setup);
        let workers = setup.workers.max(1);
        let (orders_to, orders) = bounded(16);
        let (tasks_to, tasks) = bounded(workers);
        let (tell, told) = bounded(workers * 4);
        let mut threads = Vec::with_capacity(workers + 1);
        for number in 0..workers {
            let (setup, tasks, tell) = (Arc::clone(&setup), tasks.clone(), tell.clone());
            let worker = std::thread::Builder::new().name(format!("worker-{number}"));
            threads.push(worker.spawn(move || work::work(&setup, &tasks, &tell))?);
        }
        let begin = Begin { cursors, resting, ran };
        let dispatcher = Dispatcher::new(Arc::clone(&setup), Arc::clone(&wanted), begin, tasks_to, told, orders);
        threads.push(std::thread::Builder::new().name("scheduler".into()).spawn(move || dispatcher.run())?);
        Ok(Self { orders: orders_to, setup, wanted: RwLock::new(wanted), threads })
    }

    /// How every lane stands.
    #[must_use]
    pub fn status(&self) -> Vec<LaneStatus> {
        let (to, answer) = bounded(1);
        match self.orders.send(Order::Status(to)) {
            Ok(()) => answer.recv().unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    /// What lanes are to run.
    #[must_use]
    pub fn deployed(&self) -> Vec<DeployedPlugin> {
        self.wanted.read().unwrap_or_else(PoisonError::into_inner).plugins()
    }

    /// Other lanes from now on: to be called once the store says so. Lanes that go on keep their cursors; `cursors` says where
    /// those stand that come now. True once every lane that is not wanted any more has ended its batch; false where that
    /// takes longer than `patience`.
    pub fn take(&self, wanted: Wanted, cursors: BTreeMap<LaneSource, u64>, patience: Duration) -> bool {
        let wanted = Arc::new(wanted);
        *self.wanted.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&wanted);
        let begin = Begin { cursors, ..Begin::default() };
        let (done, answer) = bounded(1);
        if self.orders.send(Order::Take { wanted, begin, done }).is_err() {
            return true;
        }
        !matches!(answer.recv_timeout(patience), Err(RecvTimeoutError::Timeout))
    }

    /// The events of a force's source from one sequence number to another, as a lane was given them; none where they are in
    /// the journal no more.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn batch_again(
        &self,
        force: &Force,
        source: &SourceName,
        first: u64,
        last: u64,
    ) -> Result<Option<Batch>, JournalError> {
        let mut reader = self.setup.journal.reader(force, source, first.saturating_sub(1));
        let zone = (self.setup.zone)(force);
        let formed = form::form(&mut reader, force, source, zone, last, BATCH_ROWS)?;
        Ok(formed.batches.first().map(|batch| {
            let rows = (0..batch.len()).take_while(|row| batch.sequence(*row) <= last).count();
            batch.select(0..rows)
        }))
    }

    /// A resting lane goes on: behind `cursor` where one is given, else where it stands. To be called once the store says
    /// so; back when it is under way.
    pub fn resume(&self, lane: LaneSource, cursor: Option<u64>) {
        let (done, answer) = bounded(1);
        if self.orders.send(Order::Resume { lane, cursor, done }).is_ok() {
            let _ = answer.recv();
        }
    }
}

/// The lanes that rest. One that came to rest with another version of its plugin goes on: that is what a new one is for.
fn resting(store: &Store, wanted: &Wanted) -> Result<BTreeMap<LaneSource, Resting>, StoreError> {
    let mut all = results::resting(store)?;
    let is_new = |lane: &LaneSource, resting: &Resting| {
        let of_lane = |deployed: &&Arc<Deployed>| deployed.id() == lane.plugin && deployed.lane == lane.kind;
        wanted.of(&lane.force).into_iter().find(of_lane).is_some_and(|deployed| deployed.digest() != resting.digest)
    };
    for (lane, resting) in all.extract_if(.., |lane, resting| is_new(lane, resting)) {
        store.commit(results::wake(&lane, &resting)?)?;
        tracing::info!("{}: it has a new version, and goes on", lane.name());
    }
    Ok(all)
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
