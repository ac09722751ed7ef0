//! Which plugins are loaded, and with which settings.
//!
//! Owns nothing on disk: components are read from files that others made, or were built with the host (`builtin`). Does not
//! build, does not run.

mod builtin;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

pub use builtin::{BUILT_IN, BuiltIn};
pub use settings::{SettingsError, SettingsFile};

use crate::ids::Digest;
use crate::lists::Lists;
use crate::sandbox::{LoadError, Plugin, Sandbox};

/// A plugin that is ready, with its force's settings.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Where its component lies.
    pub path: PathBuf,
    /// The prepared plugin.
    pub plugin: Plugin,
    /// `run` settings, validated, defaults filled in, as JSON.
    pub settings: Arc<str>,
    /// What its lists hold, where they are files that were given with it. The live host has those of each batch.
    pub lists: Lists,
}

impl Loaded {
    /// Its component, as it was loaded.
    ///
    /// # Errors
    /// The file cannot be read any more, or was changed.
    pub fn component(&self) -> Result<Vec<u8>, RegistryError> {
        let unreadable = |reason: String| RegistryError::Unreadable { path: self.path.clone(), reason };
        let wasm = match BUILT_IN.iter().find(|built_in| built_in.path() == self.path) {
            Some(built_in) => built_in.component().map_err(|error| unreadable(error.to_string()))?,
            None => std::fs::read(&self.path).map_err(|error| unreadable(error.to_string()))?,
        };
        if Digest::of(&wasm) != self.plugin.digest() {
            return Err(unreadable("it changed since it was loaded a moment ago: start again".into()));
        }
        Ok(wasm)
    }
}

/// Why plugins are not loaded.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum RegistryError {
    #[error("{}: no such file or folder: give a .wasm file, a folder of them, or a folder of plugin sources", path.display())]
    Absent { path: PathBuf },
    #[error("{}: the folder holds no .wasm file and no plugin's sources", path.display())]
    Empty { path: PathBuf },
    #[error("{}: cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{}: {error}", path.display())]
    Load { path: PathBuf, error: LoadError },
    #[error("two plugins have the id `{id}`: {} and {}; give one of them", first.display(), second.display())]
    TwoOfOneId { id: String, first: PathBuf, second: PathBuf },
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// The components that a path names: the file itself, or the `.wasm` files directly in a folder, sorted.
///
/// # Errors
/// Absent, unreadable, or a folder without any.
pub fn components(path: &Path) -> Result<Vec<PathBuf>, RegistryError> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.exists() {
        return Err(RegistryError::Absent { path: path.to_owned() });
    }
    let unreadable =
        |error: std::io::Error| RegistryError::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if is_component(&file) {
            found.push(file);
        }
    }
    if found.is_empty() {
        return Err(RegistryError::Empty { path: path.to_owned() });
    }
    found.sort();
    Ok(found)
}

/// Whether a file is a component by its name.
#[must_use]
pub fn is_component(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "wasm") && path.is_file()
}

/// What was loaded, and what was refused. Both in the order given.
#[derive(Debug)]
pub struct Loads {
    /// Ready to run; no two of one id.
    pub plugins: Vec<Loaded>,
    /// Components that no sandbox will run, each with its file: [`RegistryError::Load`], and the plugin is why.
    pub refused: Vec<RegistryError>,
}

/// Loads components, several at a time, each with its settings. In the order given.
///
/// # Errors
/// The first component, in that order, that is not loaded; two of one id; settings that do not fit.
pub fn load(
    sandbox: &Sandbox,
    paths: &[PathBuf],
    settings: &SettingsFile,
    at_once: usize,
) -> Result<Vec<Loaded>, RegistryError> {
    let Loads { plugins, refused } = load_fit(sandbox, paths, settings, at_once)?;
    refused.into_iter().next().map_or(Ok(plugins), Err)
}

/// The same, but a plugin that is refused keeps no other from being loaded.
///
/// # Errors
/// A file that cannot be read, trouble of this machine, two of one id, settings that do not fit.
pub fn load_fit(
    sandbox: &Sandbox,
    paths: &[PathBuf],
    settings: &SettingsFile,
    at_once: usize,
) -> Result<Loads, RegistryError> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Result<Loaded, RegistryError>>>> =
        Mutex::new((0..paths.len()).map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..at_once.clamp(1, paths.len().max(1)) {
            scope.spawn(|| {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(path) = paths.get(index)
                {
                    let loaded = load_one(sandbox, path, settings);
                    if let Some(slot) = results.lock().unwrap_or_else(PoisonError::into_inner).get_mut(index) {
                        *slot = Some(loaded);
                    }
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut plugins: Vec<Loaded> = Vec::with_capacity(paths.len());
    let mut refused = Vec::new();
    for loaded in results.into_iter().flatten() {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(RegistryError::Load { path, error }) if error.is_plugins() => {
                refused.push(RegistryError::Load { path, error });
                continue;
            }
            Err(error) => return Err(error),
        };
        let id = &loaded.plugin.manifest().plugin.id;
        match plugins.iter().find(|other| other.plugin.manifest().plugin.id == *id) {
            // The same file twice, or the same bytes, is one plugin.
            Some(other) if other.plugin.digest() == loaded.plugin.digest() => {}
            Some(other) => {
                return Err(RegistryError::TwoOfOneId {
                    id: id.clone(),
                    first: other.path.clone(),
                    second: loaded.path,
                });
            }
            None => plugins.push(loaded),
        }
    }
    Ok(Loads { plugins, refused })
}

fn load_one(sandbox: &Sandbox, path: &Path, settings: &SettingsFile) -> Result<Loaded, RegistryError> {
    let wasm = std::fs::read(path)
        .map_err(|error| RegistryError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
    let wrong = |error| RegistryError::Load { path: path.to_owned(), error };
    // The id decides which settings are the plugin's, and they are needed before it is prepared.
    let manifest = crate::sandbox::inspect(&wasm).map_err(wrong)?.manifest;
    let id = &manifest.plugin.id;
    let run = manifest.run_settings(settings.run(id)).map_err(|e| settings.refused(id, &e))?;
    manifest.load_settings(settings.load(id)).map_err(|e| settings.refused(id, &e))?;
    let plugin = sandbox.load(&wasm, settings.load(id)).map_err(wrong)?;
    Ok(Loaded {
        path: path.to_owned(),
        plugin,
        settings: Value::Object(run).to_string().into(),
        lists: Lists::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_components_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(components(folder.path()), Err(RegistryError::Empty { .. })));
        assert!(matches!(components(&folder.path().join("x")), Err(RegistryError::Absent { .. })));
    }

    #[test]
    fn components_of_a_folder_come_in_order_of_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.wasm", "a.wasm", "c.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let names: Vec<_> =
            components(folder.path()).unwrap().iter().map(|p| p.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["a.wasm", "b.wasm"]);
    }
}
