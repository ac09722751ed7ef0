//! The sandbox: prepares plugins in a child process and runs them, one fresh instance for every batch.
//!
//! Owns wasmtime. Knows batches and manifests; knows nothing of files of events, forces' settings' origin, findings' ids.

mod outcome;

use std::path::PathBuf;
use std::sync::Arc;

use cordon_contract::manifest::Manifest;
use serde_json::{Map, Value};

pub use outcome::{Limit, Outcome, RunReport};

use crate::events::Batch;
use crate::ids::Digest;

/// How the sandbox is set up. `Default` suits the command line.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Worker threads that will call [`Sandbox::run`] at the same time; the pool has two slots more.
    pub workers: usize,
    /// Where prepared artefacts are kept.
    pub cache: PathBuf,
    /// The operator's caps over the manifests' wishes.
    pub caps: Caps,
    /// The binary whose hidden `prepare` verb is started as a child; `None`: this one.
    pub preparer: Option<PathBuf>,
}

/// The operator's caps; a manifest may ask for less.
#[derive(Debug, Clone)]
pub struct Caps {
    /// CPU time of the worker thread for one batch: this much plus `cpu_us_per_row` for each row.
    pub cpu_ms: u32,
    /// Microseconds per row.
    pub cpu_us_per_row: u32,
    /// Linear memory of one instance.
    pub memory_mib: u32,
    /// Elements of all tables of one instance.
    pub table_elements: u32,
    /// Host calls of one run: this much plus 16 for each row.
    pub host_calls: u32,
    /// CPU seconds for preparing one plugin, and the wall clock behind it.
    pub prepare_seconds: u32,
    /// Memory for preparing one plugin.
    pub prepare_mib: u32,
    /// Grants given to every plugin that asks.
    pub grants: cordon_contract::manifest::Grants,
}

/// A plugin that is verified, configured, snapshotted and compiled: ready to run.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<PluginInner>,
}

/// Filled by the sandbox.
struct PluginInner {
    manifest: Manifest,
    digest: Digest,
    load_settings: Map<String, Value>,
}

/// What one run is given besides its batch.
#[derive(Debug, Clone, Default)]
pub struct RunInput {
    /// Validated `run` settings, defaults filled in (`Manifest::run_settings`).
    pub settings: Map<String, Value>,
    /// Ask the plugin to explain its predicates.
    pub explain: bool,
}

/// The engine, its ticker, its pool and its cache.
pub struct Sandbox {}

/// Why a plugin is not loaded. Whose fault and whether to retry follow from the variant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The author's: not a component, wrong contract, undeclared import, manifest broken, settings of the wrong type,
    /// `configure` failed or hit a limit, a snapshot cannot carry it.
    #[error("{0}")]
    Plugin(String),
    /// The host's: no child process, disk full, cache unreadable.
    #[error("{0}")]
    Host(String),
}

#[allow(missing_docs, clippy::todo, unused_variables)]
impl Sandbox {
    pub fn new(options: SandboxOptions) -> Result<Self, LoadError> {
        todo!()
    }
    /// Prepares (or takes from the cache) and links a plugin. `load` are the settings that differ from the defaults.
    ///
    /// # Errors
    /// See [`LoadError`]; the message is one line for people, naming what is wrong and the way out.
    pub fn load(&self, wasm: &[u8], load: &Map<String, Value>) -> Result<Plugin, LoadError> {
        todo!()
    }
    /// One batch on a fresh instance. Never panics; whatever the guest does is in the outcome. A batch of a source that the
    /// manifest does not name is `Completed` without a call.
    pub fn run(&self, plugin: &Plugin, batch: &Arc<Batch>, input: &RunInput) -> RunReport {
        todo!()
    }
}

impl Plugin {
    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.inner.manifest
    }
    /// SHA-256 of the component as given.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }
    /// `load` settings with defaults filled in.
    #[must_use]
    pub fn load_settings(&self) -> &Map<String, Value> {
        &self.inner.load_settings
    }
}
