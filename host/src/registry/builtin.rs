//! Plugins that the host carries in itself: built with it, deployed by it, loaded on the ordinary path.
//!
//! `build.rs` makes their core modules. Owns the list of them.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::{Loaded, RegistryError};
use crate::lists::Lists;
use crate::sandbox::{LoadError, Sandbox, component};

/// A plugin that was built with the host.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// Its id.
    pub id: &'static str,
    manifest: &'static str,
    module: &'static [u8],
}

/// All that the host deploys by itself.
pub const BUILT_IN: &[BuiltIn] = &[BuiltIn {
    id: "cordon-health",
    manifest: include_str!("../../../plugins/cordon-health/cordon.toml"),
    module: include_bytes!(concat!(env!("OUT_DIR"), "/cordon-health.wasm")),
}];

impl BuiltIn {
    /// Its component, as a plugin's file holds it.
    ///
    /// # Errors
    /// None that is known of a host that was built and tested.
    pub fn component(&self) -> Result<Vec<u8>, LoadError> {
        component::encode(self.module, self.manifest).map_err(LoadError::Plugin)
    }

    /// What stands for its file.
    pub(super) fn path(&self) -> PathBuf {
        format!("built-in:{}", self.id).into()
    }

    /// Loads it with its default settings.
    ///
    /// # Errors
    /// The sandbox's.
    pub fn load(&self, sandbox: &Sandbox) -> Result<Loaded, RegistryError> {
        let path = self.path();
        let wrong = |error| RegistryError::Load { path: path.clone(), error };
        let plugin = sandbox.load(&self.component().map_err(wrong)?, &Map::new()).map_err(wrong)?;
        let settings = plugin.manifest().run_settings(&Map::new());
        let settings = settings.map_err(|error| wrong(LoadError::Plugin(error.to_string())))?;
        Ok(Loaded { settings: Value::Object(settings).to_string().into(), path, plugin, lists: Lists::default() })
    }
}
