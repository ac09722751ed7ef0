//! Sandboxes of their own folder, prepared by a given binary.

use std::path::Path;

use cordon::sandbox::{Caps, LoadError, Plugin, RunInput, RunReport, Sandbox, SandboxOptions};
use serde_json::Map;

/// A sandbox and the folder of its cache, which goes with it.
#[derive(Debug)]
pub struct TestSandbox {
    sandbox: Sandbox,
    cache: tempfile::TempDir,
}

impl TestSandbox {
    /// With the default caps, two workers.
    ///
    /// # Panics
    /// When there is no sandbox to be had.
    #[must_use]
    pub fn new(preparer: &str) -> Self {
        Self::with(preparer, Caps::default())
    }

    /// With these caps.
    ///
    /// # Panics
    /// When there is no sandbox to be had.
    #[must_use]
    pub fn with(preparer: &str, caps: Caps) -> Self {
        let cache = tempfile::tempdir().unwrap();
        let sandbox = open(preparer, cache.path(), caps);
        Self { sandbox, cache }
    }

    /// The sandbox itself.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The cache's folder.
    #[must_use]
    pub fn cache(&self) -> &Path {
        self.cache.path()
    }

    /// A plugin with default settings.
    ///
    /// # Errors
    /// As the sandbox says.
    pub fn load(&self, wasm: &[u8]) -> Result<Plugin, LoadError> {
        self.sandbox.load(wasm, &Map::new())
    }

    /// Loads and runs once.
    ///
    /// # Panics
    /// When the plugin does not load.
    #[must_use]
    pub fn run(&self, wasm: &[u8], batch: &std::sync::Arc<cordon::events::Batch>) -> RunReport {
        let plugin = self.load(wasm).unwrap();
        self.sandbox.run(&plugin, batch, &RunInput::default())
    }
}

/// A sandbox over a cache folder of the caller's.
///
/// # Panics
/// When there is none to be had.
#[must_use]
pub fn open(preparer: &str, cache: &Path, caps: Caps) -> Sandbox {
    Sandbox::new(SandboxOptions { workers: 2, cache: cache.to_owned(), caps, preparer: Some(preparer.into()) }).unwrap()
}
