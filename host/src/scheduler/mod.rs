//! The scheduler: takes batches of each lane's next events and has them run, until every lane stands at the journal's end.
//!
//! Owns the lanes and the worker threads. A lane is (force, plugin, live); it has a cursor in every source that its plugin
//! reads. A lane's results and its cursor are one commit, so a wave that a crash cut off runs again from the same place, and
//! what was committed never does. One thread decides (`dispatch`), by pure rules (`lanes`, `fair`); the workers (`work`) form
//! batches (`form`), run plugins and say what is to be committed (`judge`), and find the events that one faults on (`narrow`).
//!
//! Everything under way is bounded: waves at a time, lanes of a wave, the workers' queue. Knows no HTTP and no token.

mod deployed;
mod dispatch;
mod fair;
mod form;
mod judge;
mod lanes;
mod narrow;
mod records;
mod remember;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use cordon_contract::limits::BATCH_ROWS;
use crossbeam_channel::{Sender, bounded};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::events::Batch;
use crate::ids::Digest;
use crate::journal::{Journal, JournalError};
use crate::model::{Force, SourceName};
use crate::registry::{Loaded, RegistryError};
use crate::results::{self, LaneSource, Resting};
use crate::sandbox::Sandbox;
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;
use deployed::Deployed;
use dispatch::{Begin, Dispatcher};
pub use lanes::Retries;

/// What is scheduled, and with what.
pub struct Setup {
    /// Runs the plugins; made for as many workers.
    pub sandbox: Arc<Sandbox>,
    /// Deployed live for all forces.
    pub plugins: Vec<Loaded>,
    /// Where events come from.
    pub journal: Arc<Journal>,
    /// Where results go.
    pub store: Arc<Store>,
    /// A force's time zone.
    pub zone: Box<dyn Fn(&Force) -> TimeZone + Send + Sync>,
    /// Threads that run plugins.
    pub workers: usize,
    /// Counts what plugins do and cost.
    pub metrics: Arc<Metrics>,
    /// How often and when a lane is tried again.
    pub retries: Retries,
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
    /// Its version.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// Sequence number of the last event that it is done with.
    pub cursor: u64,
    /// Sequence number of the last durable event of the source.
    pub head: u64,
    /// `running`, `paused` after a failure of the moment, or `resting`.
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
    /// Keys that had to go for others in the same time: there was no more room for what the lane remembers.
    pub evicted: u64,
    /// Events in the same time that came later than their window's lateness.
    pub late: u64,
}

/// A plugin that is deployed, live for all forces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeployedPlugin {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// The sources that it reads.
    pub sources: Vec<String>,
}

/// Why the scheduler does not start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SchedulerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a component cannot be kept for evidence: {0}")]
    Component(#[from] RegistryError),
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
}

enum Order {
    Status(Sender<Vec<LaneStatus>>),
    Resume { lane: LaneSource, cursor: Option<u64>, done: Sender<()> },
    Stop,
}

/// See the module. Dropping it stops it: what is under way is finished, nothing more is begun.
pub struct Scheduler {
    orders: Sender<Order>,
    setup: Arc<Setup>,
    deployed: Vec<Arc<Deployed>>,
    threads: Vec<JoinHandle<()>>,
}

impl Scheduler {
    /// Starts where the store says that each lane is. A plugin that was never deployed before starts with the next events.
    ///
    /// # Errors
    /// The store's, and the system's when it gives no thread.
    pub fn start(mut setup: Setup) -> Result<Self, SchedulerError> {
        let heads = setup.journal.heads();
        let manifests = setup.plugins.iter().map(|loaded| loaded.plugin.manifest());
        let of_sources = manifests.map(|manifest| {
            let sources = manifest.sources.keys().filter_map(|name| SourceName::new(name).ok());
            (manifest.plugin.id.as_str(), sources.collect())
        });
        results::begin(&setup.store, of_sources, &heads)?;
        let cursors: BTreeMap<LaneSource, u64> = results::cursors(&setup.store)?;
        let mut deployed = Vec::new();
        for loaded in std::mem::take(&mut setup.plugins) {
            deployed.push(Arc::new(Deployed::keep(loaded, &setup.sandbox, &setup.store)?));
        }
        let resting = resting(&setup.store, &deployed)?;
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
        let begin = Begin { cursors, resting };
        let dispatcher = Dispatcher::new(Arc::clone(&setup), deployed.clone(), begin, tasks_to, told, orders);
        threads.push(std::thread::Builder::new().name("scheduler".into()).spawn(move || dispatcher.run())?);
        Ok(Self { orders: orders_to, setup, deployed, threads })
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

    /// What is deployed.
    #[must_use]
    pub fn deployed(&self) -> Vec<DeployedPlugin> {
        let shown = |deployed: &Arc<Deployed>| DeployedPlugin {
            id: deployed.id().to_owned(),
            version: deployed.version(),
            digest: deployed.digest(),
            sources: deployed.loaded.plugin.manifest().sources.keys().cloned().collect(),
        };
        self.deployed.iter().map(shown).collect()
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
fn resting(store: &Store, deployed: &[Arc<Deployed>]) -> Result<BTreeMap<LaneSource, Resting>, StoreError> {
    let mut all = results::resting(store)?;
    let is_new = |lane: &LaneSource, resting: &Resting| {
        deployed.iter().any(|deployed| deployed.id() == lane.plugin && deployed.digest() != resting.digest)
    };
    for (lane, resting) in all.extract_if(.., |lane, resting| is_new(lane, resting)) {
        store.commit(results::wake(&lane, &resting)?)?;
        tracing::info!("{} {} {}: it has a new version, and goes on", lane.force, lane.source, lane.plugin);
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
