//! What `-p` and other plugin arguments name: a .wasm file, a folder of them, or a folder of sources, built first.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::author::{self, PluginFolder, build::Talk};
use crate::registry;

/// The components that the arguments name, in order; sources are built.
pub(super) fn components(arguments: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for argument in arguments {
        if holds_sources(argument) {
            let folders = author::find(std::slice::from_ref(argument), Path::new("."))?;
            found.extend(build(&folders)?);
        } else {
            found.extend(registry::components(argument)?);
        }
    }
    Ok(found)
}

/// Builds plugin folders, without cargo's progress unless it takes a terminal's patience.
pub(super) fn build(folders: &[PluginFolder]) -> Result<Vec<PathBuf>> {
    let talk = if std::io::IsTerminal::is_terminal(&std::io::stderr()) { Talk::Progress } else { Talk::ErrorsOnly };
    let built = author::build::build(folders, None, talk)?;
    Ok(built.into_iter().map(|one| one.path).collect())
}

/// A plugin's folder, or a folder of such and of no components.
fn holds_sources(path: &Path) -> bool {
    if PluginFolder::is_one(path) {
        return true;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return false };
    let entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let is_component = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "wasm");
    !entries.iter().any(is_component) && entries.iter().any(|path| PluginFolder::is_one(path))
}
