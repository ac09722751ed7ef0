//! `cordon build`: plugin folders in, components out. One cargo call for all plugins of a workspace.
//!
//! Everything it makes lies below `target/cordon/` of the plugins' workspace. Builds of one workspace wait for each other.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Serialize;

use super::nested::{TARGET, remapped};
use super::toolchain::Toolchain;
use super::{PluginFolder, ToolchainMissing, shims};
use crate::ids::Digest;
use crate::sandbox::component;

/// How much cargo says on standard error. Compile errors are shown either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Talk {
    Progress,
    ErrorsOnly,
}

/// A component that was made.
#[derive(Debug, Clone, Serialize)]
pub struct Built {
    /// The plugin's id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub bytes: usize,
}

/// Why a build ended without components.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum BuildError {
    #[error(transparent)]
    Toolchain(#[from] ToolchainMissing),
    #[error("the plugins do not compile: cargo says why above")]
    Compile,
    #[error("{}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[error("plugin `{id}` compiles, but makes no component: {reason}")]
    Component { id: String, reason: String },
}

impl BuildError {
    fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, reason: error.to_string() }
    }
}

/// Builds these plugins. Components go to `out`, or to `target/cordon/plugins/` of each plugin's workspace.
///
/// # Errors
/// See [`BuildError`]. Nothing is written to `out` unless every plugin of its workspace compiles.
pub fn build(plugins: &[PluginFolder], out: Option<&Path>, talk: Talk) -> Result<Vec<Built>, BuildError> {
    let mut by_root: BTreeMap<&Path, Vec<&PluginFolder>> = BTreeMap::new();
    for plugin in plugins {
        by_root.entry(&plugin.root).or_default().push(plugin);
    }
    let mut built = Vec::new();
    for (root, plugins) in by_root {
        built.extend(build_workspace(root, &plugins, out, talk)?);
    }
    built.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(built)
}

fn build_workspace(
    root: &Path,
    plugins: &[&PluginFolder],
    out: Option<&Path>,
    talk: Talk,
) -> Result<Vec<Built>, BuildError> {
    let toolchain = Toolchain::for_root(root)?;
    if toolchain.added() {
        tracing::info!("added the target {TARGET} to the Rust toolchain");
    }
    let workshop = root.join("target").join("cordon");
    std::fs::create_dir_all(&workshop).map_err(BuildError::file(&workshop))?;
    let lock_path = workshop.join("lock");
    let lock = File::create(&lock_path).map_err(BuildError::file(&lock_path))?;
    if lock.try_lock().is_err() {
        tracing::info!("waiting for another build of {}", root.display());
        lock.lock().map_err(BuildError::file(&lock_path))?; // until dropped
    }

    let folder = shims::write(&workshop, root, plugins).map_err(BuildError::file(&workshop))?;
    compile(&toolchain, &workshop, &folder, root, plugins, talk)?;

    let out = out.map_or_else(|| workshop.join("plugins"), Path::to_owned);
    std::fs::create_dir_all(&out).map_err(BuildError::file(&out))?;
    let modules = workshop.join("wasm").join(TARGET).join("release");
    plugins.iter().map(|plugin| finish(plugin, &modules, &out)).collect()
}

fn compile(
    toolchain: &Toolchain,
    workshop: &Path,
    folder: &Path,
    root: &Path,
    plugins: &[&PluginFolder],
    talk: Talk,
) -> Result<(), BuildError> {
    let mut cargo = toolchain.cargo(folder);
    cargo.args(["build", "--release", "--target", TARGET, "--target-dir"]).arg(workshop.join("wasm"));
    for plugin in plugins {
        cargo.arg("--package").arg(format!("shim-{}", plugin.id()));
    }
    if talk == Talk::ErrorsOnly {
        cargo.arg("--quiet");
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", remapped(root).join("\x1f"));
    let status = cargo.stdin(Stdio::null()).stdout(Stdio::null()).status().map_err(BuildError::file(folder))?;
    if status.success() { Ok(()) } else { Err(BuildError::Compile) }
}

fn finish(plugin: &PluginFolder, modules: &Path, out: &Path) -> Result<Built, BuildError> {
    let module_path = modules.join(shims::library(plugin.id())).with_extension("wasm");
    let module = std::fs::read(&module_path).map_err(BuildError::file(&module_path))?;
    let component = component::encode(&module, &plugin.manifest_text)
        .map_err(|reason| BuildError::Component { id: plugin.id().to_owned(), reason })?;
    let path = out.join(plugin.id()).with_extension("wasm");
    let digest = Digest::of(&component);
    // A reader never sees half a file: another process may be loading the plugin.
    if std::fs::read(&path).map_or(true, |now| Digest::of(&now) != digest) {
        let partial = out.join(format!(".{}.{}", plugin.id(), std::process::id()));
        std::fs::write(&partial, &component).map_err(BuildError::file(&partial))?;
        std::fs::rename(&partial, &path).map_err(BuildError::file(&path))?;
    }
    Ok(Built {
        id: plugin.id().to_owned(),
        version: plugin.manifest.plugin.version.to_string(),
        path,
        digest,
        bytes: component.len(),
    })
}
