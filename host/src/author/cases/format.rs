//! `case.toml`, read strictly: an unknown key is refused with its line.
//!
//! ```toml
//! description = "An inbox rule forwards to an outside address"
//! [[batches]]                    # in this order; each is one batch of one source
//! source = "m365.audit"
//! events = "events.jsonl"        # beside case.toml; or inline = '''one event a line'''
//! [run]                          # run settings that differ from the defaults; [load] likewise
//! trusted_domains = ["example.org"]
//! [lists.watched-accounts]       # what stands in a list: keys, each with what stands beside it
//! "anna@force.example" = ""
//! [[findings]]                   # expected, exactly these; rows count over the whole case, from 1
//! rule = "external-forwarding"
//! row = 3
//! key = "..."                    # checked where given: key, severity, confidence, title, summary, entities, context
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cordon_contract::manifest::{Confidence, Manifest, Severity, list_key};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::lists::{Lists, Table};

/// A case as its author wrote it.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its folder's name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// What `case.toml` says.
    pub(super) file: CaseFile,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseFile {
    #[allow(dead_code, reason = "for people; that it is there is checked by reading it")]
    pub(super) description: String,
    pub(super) batches: Vec<Events>,
    #[serde(default)]
    pub(super) run: Map<String, Value>,
    #[serde(default)]
    pub(super) load: Map<String, Value>,
    #[serde(default)]
    pub(super) lists: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) findings: Vec<Expected>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Events {
    pub(super) source: String,
    pub(super) events: Option<String>,
    pub(super) inline: Option<String>,
    pub(super) time_field: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) rule: String,
    pub(super) row: u64,
    pub(super) key: Option<String>,
    pub(super) severity: Option<Severity>,
    pub(super) confidence: Option<Confidence>,
    pub(super) title: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) entities: Option<Vec<(String, String)>>,
    pub(super) context: Option<BTreeMap<String, String>>,
}

/// Why a case cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct CaseError {
    pub(super) path: PathBuf,
    pub(super) reason: String,
}

impl Case {
    /// The cases of a plugin folder, by name. None where there is no folder `cases`.
    ///
    /// # Errors
    /// When `cases` cannot be listed.
    pub fn folders(plugin: &Path) -> Result<Vec<PathBuf>, CaseError> {
        let cases = plugin.join("cases");
        let wrong = |error: std::io::Error| CaseError { path: cases.clone(), reason: error.to_string() };
        let entries = match std::fs::read_dir(&cases) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(wrong)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let folder = entry.map_err(wrong)?.path();
            if folder.join("case.toml").is_file() {
                found.push(folder);
            }
        }
        found.sort();
        Ok(found)
    }

    /// `run` settings that differ from the defaults.
    #[must_use]
    pub fn run(&self) -> &Map<String, Value> {
        &self.file.run
    }

    /// `load` settings that differ from the defaults.
    #[must_use]
    pub fn load(&self) -> &Map<String, Value> {
        &self.file.load
    }

    /// What stands in its lists.
    ///
    /// # Errors
    /// A list that the plugin does not declare.
    pub fn lists(&self, manifest: &Manifest) -> Result<Lists, CaseError> {
        let wrong = |reason: String| CaseError { path: self.folder.join("case.toml"), reason };
        let mut tables = BTreeMap::new();
        for (name, entries) in &self.file.lists {
            if !manifest.lists.contains_key(name) {
                return Err(wrong(format!("[lists.{name}]: the plugin declares no such list")));
            }
            let entries = entries.iter().map(|(key, value)| (list_key(key), value.clone())).collect();
            let table = Table::new(entries).ok_or_else(|| wrong(format!("[lists.{name}]: it is too large")))?;
            tables.insert(name.clone(), table);
        }
        Ok(Lists::of_tables(tables))
    }

    /// Reads a case.
    ///
    /// # Errors
    /// Names file and line.
    pub fn read(folder: &Path) -> Result<Self, CaseError> {
        let path = folder.join("case.toml");
        let wrong = |reason: String| CaseError { path: path.clone(), reason };
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        let file: CaseFile = toml::from_str(&text).map_err(|error| wrong(with_line(&text, &error)))?;
        if file.batches.is_empty() {
            return Err(wrong("no `[[batches]]`: a case needs events".into()));
        }
        for (index, batch) in file.batches.iter().enumerate() {
            if batch.events.is_some() == batch.inline.is_some() {
                return Err(wrong(format!("`[[batches]]` number {}: give either `events` or `inline`", index + 1)));
            }
        }
        if file.findings.iter().any(|finding| finding.row == 0) {
            return Err(wrong("`row = 0` under `[[findings]]`: rows count from 1".into()));
        }
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { name, folder: folder.to_owned(), file })
    }
}

/// `line 3: unknown field ...`
fn with_line(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
    let line = line.map_or(String::new(), |line| format!("line {line}: "));
    format!("{line}{}", error.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("case.toml"), text).unwrap();
        Case::read(folder.path()).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = refused("description = 'x'\n[[batches]]\nsource = 'm365.audit'\nevent = 'e.jsonl'\n");
        assert!(error.contains("line 4") && error.contains("event"), "{error}");
    }

    #[test]
    fn a_batch_names_its_events_once() {
        let error = refused("description = 'x'\n[[batches]]\nsource = 'm365.audit'\n");
        assert!(error.contains("either `events` or `inline`"), "{error}");
    }
}
