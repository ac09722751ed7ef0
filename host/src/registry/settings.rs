//! A file of settings: per plugin id its `run` and `load` settings, TOML or JSON.
//!
//! ```toml
//! [mail-forwarding.run]
//! trusted_domains = ["example.org"]
//! ```
//! Checks the file's form; whether the settings fit is the manifest's to say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

/// Settings by plugin id. `Default`: none.
#[derive(Debug, Clone, Default)]
pub struct SettingsFile {
    path: PathBuf,
    plugins: BTreeMap<String, OfPlugin>,
    none: Map<String, Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OfPlugin {
    run: Map<String, Value>,
    load: Map<String, Value>,
}

/// Why settings are refused.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", if path.as_os_str().is_empty() { "settings".into() } else { path.display().to_string() })]
pub struct SettingsError {
    path: PathBuf,
    reason: String,
}

impl SettingsFile {
    /// Reads a file; its name ends in `.toml` or `.json`.
    ///
    /// # Errors
    /// Absent, of another kind, or broken, with the line.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let wrong = |reason: String| SettingsError { path: path.to_owned(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let plugins = match extension {
            "toml" => toml::from_str(&text).map_err(|error| {
                let line = error.span().map_or(String::new(), |span| {
                    format!("line {}: ", text.get(..span.start).unwrap_or_default().matches('\n').count() + 1)
                });
                wrong(format!("{line}{}", error.message()))
            })?,
            "json" => serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?,
            _ => return Err(wrong("is neither .toml nor .json".into())),
        };
        Ok(Self { path: path.to_owned(), plugins, none: Map::new() })
    }

    /// Of one plugin only, as a case gives them.
    #[must_use]
    pub fn of(id: &str, run: Map<String, Value>, load: Map<String, Value>) -> Self {
        let plugins = BTreeMap::from([(id.to_owned(), OfPlugin { run, load })]);
        Self { path: PathBuf::new(), plugins, none: Map::new() }
    }

    /// Ids in the file that are not among these: a misspelt id would change nothing without a word.
    #[must_use]
    pub fn unknown<'a>(&'a self, loaded: &[&str]) -> Vec<&'a str> {
        self.plugins.keys().map(String::as_str).filter(|id| !loaded.contains(id)).collect()
    }

    /// `run` settings that the file gives a plugin, unchecked.
    #[must_use]
    pub fn run(&self, id: &str) -> &Map<String, Value> {
        self.plugins.get(id).map_or(&self.none, |of| &of.run)
    }

    /// `load` settings that the file gives a plugin, unchecked.
    #[must_use]
    pub fn load(&self, id: &str) -> &Map<String, Value> {
        self.plugins.get(id).map_or(&self.none, |of| &of.load)
    }

    pub(super) fn refused(&self, id: &str, error: &impl std::fmt::Display) -> SettingsError {
        SettingsError { path: self.path.clone(), reason: format!("plugin `{id}`: {error}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_table_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        std::fs::write(&path, "[a.run]\nx = 1\n[a.rum]\ny = 2\n").unwrap();
        let error = SettingsFile::read(&path).unwrap_err().to_string();
        assert!(error.contains("rum") && error.contains("line"), "{error}");
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("s.toml", "[a.run]\nx = [\"y\"]\n"), ("s.json", "{\"a\":{\"run\":{\"x\":[\"y\"]}}}")] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let file = SettingsFile::read(&path).unwrap();
            assert_eq!(file.run("a"), serde_json::json!({"x": ["y"]}).as_object().unwrap());
            assert_eq!(file.unknown(&["b"]), ["a"]);
        }
    }
}
