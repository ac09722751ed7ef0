//! How plugins come to the host besides by command.

use std::path::PathBuf;

use serde::Deserialize;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeployConfig {
    /// A folder whose `.wasm` files are loaded while the host runs; they run nowhere until they are deployed.
    pub load_from: Option<PathBuf>,
    /// Versions that one force may have loaded for itself.
    pub force_versions: u32,
    /// MiB of them.
    pub force_mib: u32,
}

impl Default for DeployConfig {
    fn default() -> Self {
        Self { load_from: None, force_versions: 20, force_mib: 64 }
    }
}
