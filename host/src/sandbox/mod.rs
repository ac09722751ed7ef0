//! The sandbox: prepares plugins in a child process and runs them, one fresh instance for every batch.
//!
//! Owns wasmtime. Knows batches and manifests; knows nothing of files of events, forces' settings' origin, findings' ids.
//!
//! `inspect` reads a component without running it; `prepare` confines whatever touches untrusted code to a child process
//! and keeps artefacts; `load` joins the two; `run` gives one batch to one fresh instance, through `link` (imports),
//! `access` (fields), `emit` (findings), `memory` (state and windows), `lists`, `allowance` and `meter` (limits); `outcome` says how it ended. `migrate` has values
//! of state carried over.

mod access;
mod allowance;
pub mod component;
mod contract;
mod cpu;
mod emit;
mod engine;
mod inspect;
mod limit;
mod link;
mod link_memory;
mod lists;
mod load;
mod memory;
mod meter;
mod migrate;
mod options;
mod outcome;
mod prepare;
mod reference;
mod run;
mod state;

use std::fmt;
use std::sync::Arc;

use cordon_contract::manifest::Manifest;
use serde_json::{Map, Value};
use wasmtime::Engine;
use wasmtime::component::{ComponentExportIndex, InstancePre, Linker};

pub use inspect::{COMPONENT_BYTES, Inspection, inspect};
pub use limit::Limit;
pub use memory::{Past, StateAnswer};
pub use migrate::{MIGRATED_BYTES, MIGRATED_VALUES, MigrateError};
pub use options::{Caps, Granted, SandboxOptions};
pub use outcome::{Cost, Outcome, RunReport};
pub use prepare::prepare_child;
pub use reference::row_of;

use crate::events::Batch;
use crate::ids::Digest;
use crate::lists::Lists;
use engine::Ticker;
use prepare::{Cache, Preparer};
use state::{RunState, Terms};

/// A plugin that is verified, configured, snapshotted and compiled: ready to run.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<PluginInner>,
}

struct PluginInner {
    terms: Arc<Terms>,
    digest: Digest,
    load_settings: Map<String, Value>,
    pre: InstancePre<RunState>,
    detect: ComponentExportIndex,
    /// Where it carries values over.
    migrate: Option<ComponentExportIndex>,
}

/// What one run is given besides its batch.
#[derive(Debug, Clone)]
pub struct RunInput {
    /// Validated `run` settings as a JSON object, defaults filled in (`Manifest::run_settings`). Text, because that is what
    /// crosses into the guest at every batch, and settings seldom change.
    pub settings: Arc<str>,
    /// Ask the plugin to explain its predicates.
    pub explain: bool,
    /// What its lane remembers.
    pub past: Past,
    /// What its lists hold; none where recorded answers stand in for them, or every list is empty.
    pub lists: Option<Lists>,
}

impl Default for RunInput {
    fn default() -> Self {
        Self { settings: Arc::from("{}"), explain: false, past: Past::Nothing, lists: None }
    }
}

/// The engine, its ticker, its pool and its cache. Shared by all worker threads.
pub struct Sandbox {
    engine: Engine,
    engine_digest: Digest,
    ticker: Ticker,
    linker: Linker<RunState>,
    cache: Cache,
    preparer: Preparer,
    caps: Caps,
}

/// Why a plugin is not loaded. Whose fault and whether to retry follow from the variant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The author's: not a component, wrong contract, undeclared import, manifest broken, settings of the wrong type,
    /// `configure` failed or hit a limit, a snapshot cannot carry it.
    #[error("{0}")]
    Plugin(String),
    /// The author's, or the operator's cap too low: it hit a limit.
    #[error("{reason}")]
    Limit {
        /// Which.
        limit: Limit,
        /// With its figures.
        reason: String,
    },
    /// The host's: no child process, disk full, cache unreadable.
    #[error("{0}")]
    Host(String),
}

impl LoadError {
    pub(crate) fn limit_hit(limit: Limit, reason: impl Into<String>) -> Self {
        LoadError::Limit { limit, reason: reason.into() }
    }

    /// The limit that was hit, where one was.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        match self {
            LoadError::Limit { limit, .. } => Some(*limit),
            LoadError::Plugin(_) | LoadError::Host(_) => None,
        }
    }

    /// Whether the plugin, not this machine, is why.
    #[must_use]
    pub fn is_plugins(&self) -> bool {
        !matches!(self, LoadError::Host(_))
    }
}

impl Sandbox {
    /// Sets everything up; runs nothing.
    ///
    /// # Errors
    /// [`LoadError::Host`]: no cache folder, too little address space, no thread.
    pub fn new(options: SandboxOptions) -> Result<Self, LoadError> {
        load::sandbox(options)
    }

    /// Prepares (or takes from the cache) and links a plugin. `load` are the settings that differ from the defaults.
    ///
    /// # Errors
    /// See [`LoadError`]; the message is one line for people, naming what is wrong and the way out.
    pub fn load(&self, wasm: &[u8], load: &Map<String, Value>) -> Result<Plugin, LoadError> {
        load::load(self, wasm, load)
    }

    /// One batch on a fresh instance. Never panics; whatever the guest does is in the outcome. A batch of a source that the
    /// manifest does not name is `Completed` without a call.
    ///
    /// The calling thread's CPU time is what the plugin's is counted in; it needs 512 KiB of stack for the guest.
    #[must_use]
    pub fn run(&self, plugin: &Plugin, batch: &Arc<Batch>, input: &RunInput) -> RunReport {
        if batch.is_empty() || !plugin.manifest().sources.contains_key(batch.source().as_str()) {
            return run::nothing_to_do();
        }
        let _running = self.ticker.running();
        run::run(&self.engine, &plugin.inner, batch, input)
    }

    /// Digest of what decides how plugins are compiled: wasmtime's version and settings, and this CPU's features.
    #[must_use]
    pub fn engine_digest(&self) -> Digest {
        self.engine_digest
    }

    /// The operator's caps that it was set up with.
    #[must_use]
    pub fn caps(&self) -> &Caps {
        &self.caps
    }
}

impl Plugin {
    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.inner.terms.manifest
    }
    /// SHA-256 of the component as given.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }
    /// The schema of its values; 0 where it keeps none.
    #[must_use]
    pub fn schema(&self) -> u32 {
        self.manifest().state.as_ref().map_or(0, |state| state.schema)
    }
    /// `load` settings with defaults filled in.
    #[must_use]
    pub fn load_settings(&self) -> &Map<String, Value> {
        &self.inner.load_settings
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plugin = &self.manifest().plugin;
        write!(f, "Plugin({} {} {})", plugin.id, plugin.version, self.inner.digest.short())
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("engine", &self.engine_digest).field("caps", &self.caps).finish_non_exhaustive()
    }
}
