//! Plugin folders: what they are called, which workspace they belong to, where they are found.
//!
//! Reads `Cargo.toml` and `cordon.toml`; changes nothing.

use std::path::{Component, Path, PathBuf};

use cordon_contract::manifest::{Manifest, ManifestErrors};

/// A folder with a plugin's sources.
#[derive(Debug, Clone)]
pub struct PluginFolder {
    /// Absolute.
    pub path: PathBuf,
    /// The folder of its cargo workspace; its own where it belongs to none.
    pub root: PathBuf,
    /// Name of its package.
    pub package: String,
    /// How it names `cordon-sdk` among its dependencies; `path`, where there is one, made absolute.
    pub sdk: toml::Value,
    /// `cordon.toml`, byte for byte.
    pub manifest_text: String,
    /// The same, validated.
    pub manifest: Manifest,
}

/// Why a folder is not taken as a plugin's.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum FolderError {
    #[error("{}: no such folder", path.display())]
    Absent { path: PathBuf },
    #[error("{} is no plugin folder and holds none: a plugin folder has `cordon.toml` and `Cargo.toml` (start one with `cordon new NAME`)", path.display())]
    NoPlugin { path: PathBuf },
    #[error("{}: cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{}: {reason}", path.display())]
    Cargo { path: PathBuf, reason: String },
    #[error("{}: {error}", path.display())]
    Manifest { path: PathBuf, error: ManifestErrors },
    #[error("two plugin folders have the id `{id}`: {} and {}; give one of them another id", first.display(), second.display())]
    TwoOfOneId { id: String, first: PathBuf, second: PathBuf },
}

impl PluginFolder {
    /// Whether a folder looks like a plugin's.
    #[must_use]
    pub fn is_one(path: &Path) -> bool {
        path.join("cordon.toml").is_file() && path.join("Cargo.toml").is_file()
    }

    /// Reads a plugin folder.
    ///
    /// # Errors
    /// Names the file and what is wrong in it.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let absolute = path.canonicalize().map_err(|_| FolderError::Absent { path: path.to_owned() })?;
        if !Self::is_one(&absolute) {
            return Err(FolderError::NoPlugin { path: path.to_owned() });
        }
        let manifest_path = path.join("cordon.toml");
        let manifest_text = read(&manifest_path)?;
        let manifest =
            Manifest::parse(&manifest_text).map_err(|error| FolderError::Manifest { path: path.to_owned(), error })?;
        let root = workspace_root(&absolute)?;
        let cargo_path = absolute.join("Cargo.toml");
        let cargo = table(&cargo_path)?;
        let wrong = |reason: &str| FolderError::Cargo { path: path.join("Cargo.toml"), reason: reason.to_owned() };
        let package = cargo
            .get("package")
            .and_then(|p| p.get("name"))
            .and_then(|n| n.as_str())
            .ok_or_else(|| wrong("no `name` under `[package]`"))?
            .to_owned();
        let sdk = cargo.get("dependencies").and_then(|d| d.get("cordon-sdk")).ok_or_else(|| {
            wrong(
                "`[dependencies]` does not name `cordon-sdk`: add `cordon-sdk = { workspace = true }` or a path to it",
            )
        })?;
        let sdk = if sdk.get("workspace").and_then(toml::Value::as_bool) == Some(true) {
            let root_toml = table(&root.join("Cargo.toml"))?;
            let inherited = root_toml
                .get("workspace")
                .and_then(|w| w.get("dependencies"))
                .and_then(|d| d.get("cordon-sdk"))
                .ok_or_else(|| wrong("its workspace's `[workspace.dependencies]` does not name `cordon-sdk`"))?;
            absolute_path(inherited, &root)
        } else {
            absolute_path(sdk, &absolute)
        };
        Ok(Self { path: absolute, root, package, sdk, manifest_text, manifest })
    }

    /// The plugin's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.manifest.plugin.id
    }

    /// Where its component is built to.
    #[must_use]
    pub fn component(&self) -> PathBuf {
        self.root.join("target").join("cordon").join("plugins").join(self.id()).with_extension("wasm")
    }
}

/// The plugin folders that the arguments name: plugin folders themselves, or folders of them. Without arguments: `from`
/// where it is one, else those of the checkout that `from` is in (`plugins/*` and `examples/*`).
///
/// # Errors
/// When an argument is neither, when nothing is found, when two have one id.
pub fn find(arguments: &[PathBuf], from: &Path) -> Result<Vec<PluginFolder>, FolderError> {
    let mut paths = Vec::new();
    if arguments.is_empty() {
        if PluginFolder::is_one(from) {
            paths.push(from.to_owned());
        } else {
            let root = workspace_root(&from.canonicalize().unwrap_or_else(|_| from.to_owned()))?;
            for group in ["plugins", "examples"] {
                paths.extend(plugins_in(&root.join(group))?);
            }
            if paths.is_empty() {
                paths.extend(plugins_in(from)?);
            }
            if paths.is_empty() {
                return Err(FolderError::NoPlugin { path: from.to_owned() });
            }
        }
    }
    for argument in arguments {
        if PluginFolder::is_one(argument) {
            paths.push(argument.clone());
            continue;
        }
        if !argument.is_dir() {
            return Err(if argument.exists() {
                FolderError::NoPlugin { path: argument.clone() }
            } else {
                FolderError::Absent { path: argument.clone() }
            });
        }
        let inside = plugins_in(argument)?;
        if inside.is_empty() {
            return Err(FolderError::NoPlugin { path: argument.clone() });
        }
        paths.extend(inside);
    }
    let mut found: Vec<PluginFolder> = Vec::new();
    for path in paths {
        let folder = PluginFolder::open(&path)?;
        match found.iter().find(|other| other.id() == folder.id()) {
            Some(other) if other.path == folder.path => {}
            Some(other) => {
                return Err(FolderError::TwoOfOneId {
                    id: folder.id().to_owned(),
                    first: other.path.clone(),
                    second: folder.path,
                });
            }
            None => found.push(folder),
        }
    }
    Ok(found)
}

/// Plugin folders directly in a folder, sorted; none where there is no such folder.
fn plugins_in(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        let entry =
            entry.map_err(|e| FolderError::Unreadable { path: folder.to_owned(), reason: e.to_string() })?.path();
        if PluginFolder::is_one(&entry) {
            found.push(entry);
        }
    }
    found.sort();
    Ok(found)
}

/// The nearest folder at or above `folder` whose `Cargo.toml` has a `[workspace]`; `folder` itself where there is none.
pub(super) fn workspace_root(folder: &Path) -> Result<PathBuf, FolderError> {
    for above in folder.ancestors() {
        let cargo = above.join("Cargo.toml");
        if cargo.is_file() && table(&cargo)?.contains_key("workspace") {
            return Ok(above.to_owned());
        }
    }
    Ok(folder.to_owned())
}

fn read(path: &Path) -> Result<String, FolderError> {
    std::fs::read_to_string(path).map_err(|e| FolderError::Unreadable { path: path.to_owned(), reason: e.to_string() })
}

fn table(path: &Path) -> Result<toml::Table, FolderError> {
    read(path)?
        .parse()
        .map_err(|e: toml::de::Error| FolderError::Cargo { path: path.to_owned(), reason: e.message().to_owned() })
}

/// A dependency with its `path` made absolute, seen from `base`. Symbolic links stay: only `.` and `..` are taken out.
fn absolute_path(dependency: &toml::Value, base: &Path) -> toml::Value {
    let mut dependency = dependency.clone();
    if let Some(path) = dependency.get_mut("path")
        && let Some(relative) = path.as_str()
    {
        let mut plain = PathBuf::new();
        for part in base.join(relative).components() {
            match part {
                Component::ParentDir => {
                    plain.pop();
                }
                Component::CurDir => {}
                other => plain.push(other),
            }
        }
        *path = toml::Value::String(plain.to_string_lossy().into_owned());
    }
    dependency
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_path_dependency_is_seen_from_the_folder_that_names_it() {
        let dependency: toml::Value = toml::from_str::<toml::Table>("path = '../../sdk/./rust'").unwrap().into();
        let found = absolute_path(&dependency, Path::new("/a/plugins/x"));
        assert_eq!(found.get("path").unwrap().as_str(), Some("/a/sdk/rust"));
    }

    #[test]
    fn a_folder_without_a_manifest_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let error = find(&[folder.path().to_owned()], folder.path()).unwrap_err().to_string();
        assert!(error.contains("cordon new"), "{error}");
    }
}
