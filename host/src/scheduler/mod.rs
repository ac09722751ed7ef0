//! The scheduler: takes batches of each lane's next events and has them run, until every lane stands at the journal's end.
//!
//! Owns the lanes and the worker threads. A lane is (force, plugin, live); it has a cursor in every source that its plugin
//! reads. A lane's results and its cursor are one commit, so a wave that a crash cut off runs again from the same place, and
//! what was committed never does. One thread decides (`dispatch`), by pure rules (`lanes`, `fair`); the workers form batches
//! (`form`) and run plugins (`work`).
//!
//! Everything under way is bounded: waves at a time, lanes of a wave, the workers' queue. Knows no HTTP and no token.

mod dispatch;
mod fair;
mod form;
mod lanes;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::journal::Journal;
use crate::model::{Force, SourceName};
use crate::registry::Loaded;
use crate::results::{self, LaneSource};
use crate::sandbox::Sandbox;
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;
use dispatch::Dispatcher;

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
    /// Sequence number of the last event that it is done with.
    pub cursor: u64,
    /// Sequence number of the last durable event of the source.
    pub head: u64,
    /// `running`, `paused` after a failure of the moment, or `resting`.
    pub state: &'static str,
    /// Why it is paused or rests.
    pub why: Option<String>,
    /// Events since the host started.
    pub events: u64,
    /// Findings in the same time, repeats included.
    pub findings: u64,
    /// Skip records in the same time.
    pub skips: u64,
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
    Stop,
}

/// See the module. Dropping it stops it: what is under way is finished, nothing more is begun.
pub struct Scheduler {
    orders: Sender<Order>,
    threads: Vec<JoinHandle<()>>,
}

impl Scheduler {
    /// Starts where the store says that each lane is. A plugin that was never deployed before starts with the next events.
    ///
    /// # Errors
    /// The store's, and the system's when it gives no thread.
    pub fn start(setup: Setup) -> Result<Self, SchedulerError> {
        let heads = setup.journal.heads();
        let manifests = setup.plugins.iter().map(|loaded| loaded.plugin.manifest());
        let of_sources = manifests.map(|manifest| {
            let sources = manifest.sources.keys().filter_map(|name| SourceName::new(name).ok());
            (manifest.plugin.id.as_str(), sources.collect())
        });
        results::begin(&setup.store, of_sources, &heads)?;
        let cursors: BTreeMap<LaneSource, u64> = results::cursors(&setup.store)?;
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
        let dispatcher = Dispatcher::new(setup, cursors, tasks_to, told, orders);
        threads.push(std::thread::Builder::new().name("scheduler".into()).spawn(move || dispatcher.run())?);
        Ok(Self { orders: orders_to, threads })
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
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
