//! How the sandbox is set up, and the operator's caps. Defaults suit the command line.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// How the sandbox is set up. `Default` suits the command line.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Worker threads that will call [`Sandbox::run`](super::Sandbox::run) at the same time; the pool has two slots more.
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
    /// CPU time for building columns that the run is the first to ask for: they are shared, so that is not the plugin's
    /// own time, but one plugin must not have the host build without end. This much plus `column_us_per_row` for each row.
    pub column_ms: u32,
    /// Microseconds per row.
    pub column_us_per_row: u32,
    /// The wall clock of a run stands at this many times its CPU time, and never below `wall_floor_ms`: only a host in
    /// trouble gets there.
    pub wall_factor: u32,
    /// Milliseconds.
    pub wall_floor_ms: u32,
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
    /// Keys that a lane keeps at most in each of its windows, and as values; then the oldest goes.
    pub state_keys: u64,
    /// MiB of each likewise.
    pub state_mib: u32,
    /// Who gets `whole-events`, of the plugins that ask for it.
    pub whole_events: Granted,
}

/// Which plugins are given what they ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Granted {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// Those with these ids.
    To(BTreeSet<String>),
}

impl From<bool> for Granted {
    fn from(all: bool) -> Self {
        if all { Self::All } else { Self::None }
    }
}

impl Granted {
    /// Whether the plugin of this id is given it.
    #[must_use]
    pub fn to(&self, plugin: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::To(ids) => ids.contains(plugin),
        }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            cpu_ms: 1_000,
            cpu_us_per_row: 100,
            column_ms: 2_000,
            column_us_per_row: 500,
            wall_factor: 20,
            wall_floor_ms: 30_000,
            memory_mib: 256,
            table_elements: 20_000,
            host_calls: 4_096,
            prepare_seconds: 60,
            prepare_mib: 2_048,
            state_keys: 100_000,
            state_mib: 32,
            whole_events: Granted::None,
        }
    }
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            cache: default_cache(),
            caps: Caps::default(),
            preparer: None,
        }
    }
}

/// `$XDG_CACHE_HOME/cordon/artefacts`, by default under `~/.cache`; a folder of the temporary one where there is no home.
fn default_cache() -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("cordon")
        .join("artefacts")
}
