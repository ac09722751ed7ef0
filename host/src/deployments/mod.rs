//! Deployments: which plugins are loaded, and which of them run for whom, in which mode; changed while events flow.
//!
//! Owns the records of loaded versions and generations. Every change makes a generation of the whole set and commits in one
//! atomic write with its audit record, where its lanes begin, and what those pass; then the scheduler takes the set. So a crash
//! leaves the old set or the new one, and a restart brings back exactly the last. A change is first made ready in full, so one
//! that cannot run changes nothing. Changes come one after the other. Knows no HTTP and no token.

mod act;
mod begin;
mod compare;
mod configured;
mod difference;
mod edit;
mod generations;
mod hunt;
mod incoming;
mod inherit;
mod load;
mod prepare;
mod read;
mod set;
mod versions;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Serialize;

pub use act::{Changed, Deploy, Said};
pub use begin::{Skipped, Start};
pub use compare::{Comparison, OfRule, Side};
pub use difference::{Difference, Shown};
pub use generations::Generation;
pub use hunt::{Asked, Cost, Hunt, Progress};
pub use incoming::Incoming;
pub use inherit::{OnSchema, Whose};
pub use load::ForceLimits;
pub use prepare::Broken;
use prepare::{Prepared, With};
pub use set::{Mode, OfPlugin, Own, Run, Set};
pub use versions::Version;

use crate::audit::Audit;
use crate::ids::Digest;
use crate::journal::{Journal, JournalError};
use crate::model::Force;
use crate::registry::BUILT_IN;
use crate::results;
use crate::sandbox::{LoadError, Sandbox};
use crate::scheduler::{Deployed, Scheduler, SchedulerError, Wanted};
use crate::store::{Store, StoreError};

/// For whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum Scope {
    /// All forces, those that come later included.
    All,
    /// One.
    Force(Force),
}

impl Scope {
    /// The one; none for all.
    #[must_use]
    pub fn force(&self) -> Option<&Force> {
        match self {
            Self::All => None,
            Self::Force(force) => Some(force),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Force(force) => force.fmt(f),
        }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// Why a change is refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The caller's: it makes no sense.
    #[error("{0}")]
    Bad(String),
    /// The caller's: something is not there.
    #[error("{0}")]
    Absent(String),
    /// The caller's, or the plugin's: not as things are.
    #[error("{0}")]
    Refused(String),
    /// Of the moment: come again.
    #[error("{0}")]
    Busy(String),
    /// The operator's: something that was kept is gone.
    #[error("{0}")]
    Damaged(String),
    /// The host's.
    #[error("{0}")]
    Host(String),
    /// The host's.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The host's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The host's.
    #[error(transparent)]
    Scheduler(#[from] SchedulerError),
}

impl From<LoadError> for DeployError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Host(reason) => Self::Host(reason),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// What it works with.
pub struct Setup {
    /// Where records are.
    pub store: Arc<Store>,
    /// Where each change is recorded.
    pub audit: Arc<Audit>,
    /// What there is to begin behind.
    pub journal: Arc<Journal>,
    /// Prepares plugins.
    pub sandbox: Arc<Sandbox>,
    /// Plugins that are prepared at the same time, when the host starts.
    pub at_once: usize,
    /// What a force may load for itself.
    pub limits: ForceLimits,
}

/// Whether the host carries a plugin in itself: it runs for all forces, always.
#[must_use]
pub fn is_built_in(plugin: &str) -> bool {
    BUILT_IN.iter().any(|own| own.id == plugin)
}

/// See the module.
pub struct Deployments {
    setup: Setup,
    /// The host's own plugins.
    built_in: Vec<Arc<Deployed>>,
    /// The file of settings that set nothing.
    none: Digest,
    current: Mutex<Current>,
    /// One component at a time is prepared for a caller.
    loading: Mutex<()>,
    scheduler: OnceLock<Arc<Scheduler>>,
}

/// What is in force.
struct Current {
    number: u64,
    set: Set,
    /// What lanes run of it.
    wanted: Wanted,
    broken: Vec<Broken>,
    prepared: Prepared,
    /// Lanes of before may still end their last batch.
    unsettled: bool,
}

impl Deployments {
    /// Reads the newest generation and makes its lanes ready. Nothing may be appended to the journal before
    /// [`Deployments::configure`], and all that it holds must be counted.
    ///
    /// # Errors
    /// The store's, and what cannot be read.
    pub fn open(setup: Setup) -> Result<Self, DeployError> {
        let none = setup.store.put_file(b"{}")?;
        let mut built_in = Vec::new();
        for plugin in BUILT_IN {
            let wasm = plugin.component()?;
            setup.store.put_file(&wasm)?;
            let loaded = plugin.load(&setup.sandbox).map_err(|error| DeployError::Host(error.to_string()))?;
            built_in.push(Arc::new(Deployed::new(loaded, results::Lane::Live, &setup.sandbox, &setup.store)?));
        }
        let (number, set) = match generations::newest(&setup.store)? {
            Some((generation, set)) => (generation.number, set),
            None => (0, Set::default()),
        };
        let mut prepared = Prepared::default();
        let with = With { sandbox: &setup.sandbox, store: &setup.store, at_once: setup.at_once };
        let (wanted, broken) = prepared.lanes(with, &set, &built_in)?;
        let current = Current { number, set, wanted, broken, prepared, unsettled: false };
        let opened = Self {
            setup,
            built_in,
            none,
            current: Mutex::new(current),
            loading: Mutex::default(),
            scheduler: OnceLock::new(),
        };
        opened.begin_built_in()?;
        opened.resume_hunts()?;
        Ok(opened)
    }

    /// The lanes that a scheduler is to start with.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        self.current().wanted.clone()
    }

    /// From now on this one takes every change.
    pub fn attach(&self, scheduler: &Arc<Scheduler>) {
        let _ = self.scheduler.set(Arc::clone(scheduler));
    }

    /// Has the host's own plugins begin behind what there is, where they never ran.
    fn begin_built_in(&self) -> Result<(), DeployError> {
        let store = &self.setup.store;
        for deployed in &self.built_in {
            let id = &deployed.loaded.plugin.manifest().plugin.id;
            if results::was_deployed(store, id)? {
                continue;
            }
            let there = begin::There { lanes: BTreeSet::new(), set: &Set::default() };
            let wanted = Wanted { all: vec![Arc::clone(deployed)], ..Wanted::default() };
            let begun = begin::begin((store, &self.setup.journal), &there, &wanted, Start::Now, "")?;
            store.commit(begun.effects.and(results::deployed(id)))?;
        }
        Ok(())
    }

    fn with(&self) -> With<'_> {
        With { sandbox: &self.setup.sandbox, store: &self.setup.store, at_once: self.setup.at_once }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
