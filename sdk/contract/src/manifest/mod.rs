//! `cordon.toml`: what a plugin is, reads, asks for and may say.
//!
//! Read by the host from the component's custom section without running the plugin, and by the SDK's macro at compile time.
//! Unknown keys are refused with their line. This module parses and validates; it grants nothing.
//!
//! ```toml
//! [plugin]
//! id = "mail-forwarding"            # kebab-case, at most 64 bytes
//! version = "1.0.0"                 # semantic version
//! summary = "Mail that leaves the force by itself"
//! authors = ["NMC detection team"]
//! licence = "Apache-2.0"
//!
//! [sources."m365.audit".fields]     # handle name = path; one handle may have a path in several sources
//! operation = "Operation"
//! parameters_forward_to = "Parameters[Name=ForwardTo].Value"
//! user = { path = "UserId", personal = true, why = "names the mailbox owner" }
//!
//! [grants]                          # what the operator must give as well
//! whole-events = false
//!
//! [limits]                          # wishes; the operator's caps stand above them
//! cpu-ms = 200                      # per batch, base
//! memory-mib = 64
//!
//! [settings.run.trusted_domains]    # per force; `settings.load.NAME` likewise, baked into the snapshot
//! type = "strings"                  # string | strings | integer | number | boolean | map (string to string)
//! default = []
//! description = "Domains that belong to the force or its partners"
//!
//! [windows.failed-users]             # what is remembered: how many, within a length of time
//! counts = "distinct"               # events | distinct (members)
//! length = "10m"
//! lateness = "1h"                   # how late an event may be received and still be counted with others
//! cap = 256                         # the largest value that is told apart, at most 1024
//!
//! [state]                           # values with a time to live
//! schema = 1
//!
//! [lists.watched-accounts]          # looked up; filled by `cordon list put`, for all forces or one
//! kind = "set"                      # set | map (a text beside each key)
//! purpose = "Accounts of people who left"
//!
//! [[rules]]
//! id = "external-forwarding"
//! title = "Mailbox forwards to an outside address"
//! severity = "high"                 # informational | low | medium | high | critical
//! confidence = "medium"             # low | medium | high
//! order = "any"                     # any | arrival: where it asks without adding, uses first-time or values
//! attack = ["T1114.003"]
//! description = "..."
//! next-steps = ["..."]
//! false-positives = ["..."]
//! references = ["https://attack.mitre.org/techniques/T1114/003/"]
//! ```

mod list;
mod named;
mod nearest;
mod parse;
mod read;
mod remember;
mod setting;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

pub use list::{List, ListKind, list_key, list_name};
pub use nearest::nearest;
pub use remember::{Counts, Order, Span, State, Window};
pub use setting::SettingsError;
pub use words::{SOURCES, is_handle, is_source};

use serde::{Deserialize, Serialize};

use crate::path::Path;

/// A validated manifest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// Identity.
    pub plugin: Plugin,
    /// Per source name: its declared fields.
    pub sources: BTreeMap<String, Source>,
    /// What the operator must grant.
    pub grants: Grants,
    /// Wishes within the operator's caps.
    pub limits: Limits,
    /// Declared settings.
    pub settings: Settings,
    /// Declared windows by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub windows: BTreeMap<String, Window>,
    /// Whether it keeps values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Declared lists by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, List>,
    /// What the plugin may find, in the manifest's order.
    pub rules: Vec<Rule>,
    /// Where in `rules` each id stands: a plugin may have thousands, and every finding asks.
    #[serde(skip)]
    by_id: BTreeMap<String, usize>,
}

/// Identity of a plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// Kebab-case, at most 64 bytes.
    pub id: String,
    /// Semantic version.
    pub version: semver::Version,
    /// One line.
    pub summary: String,
    /// Who answers for it.
    pub authors: Vec<String>,
    /// SPDX expression.
    pub licence: String,
}

/// One source that a plugin reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Source {
    /// Handle name (snake_case) to field.
    pub fields: BTreeMap<String, Field>,
}

/// One declared field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// Where it stands in the event's canonical shape.
    pub path: Path,
    /// Whether it is personal data.
    pub personal: bool,
    /// Why it is read; expected where it is personal.
    pub why: Option<String>,
}

/// Grants asked for. All default to no.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Grants {
    /// `batch.whole`: the event exactly as received.
    pub whole_events: bool,
}

/// Limits asked for; absent means the host's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// CPU time for one batch, in milliseconds.
    pub cpu_ms: Option<u32>,
    /// Linear memory, in MiB.
    pub memory_mib: Option<u32>,
}

/// Declared settings by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Settings {
    /// National, baked into the snapshot.
    pub load: BTreeMap<String, Setting>,
    /// Per force, read for each batch.
    pub run: BTreeMap<String, Setting>,
}

/// One declared setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: SettingKind,
    /// What it is where nobody sets it; of type `kind`.
    pub default: serde_json::Value,
    /// For people who tune it.
    pub description: String,
    /// Smallest value of an integer or number.
    pub min: Option<f64>,
    /// Largest value of an integer or number.
    pub max: Option<f64>,
    /// The words that a string, or each of strings, may be.
    pub one_of: Option<Vec<String>>,
}

/// Type of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingKind {
    /// UTF-8 text.
    String,
    /// A list of texts.
    Strings,
    /// A 64-bit signed integer.
    Integer,
    /// A 64-bit float.
    Number,
    /// true or false.
    Boolean,
    /// Text to text.
    Map,
}

/// One thing that a plugin may find.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Kebab-case, at most 64 bytes, unique in the manifest.
    pub id: String,
    /// One line for people, at most 256 bytes.
    pub title: String,
    /// Unless a finding says otherwise.
    pub severity: Severity,
    /// Unless a finding says otherwise.
    #[serde(default)]
    pub confidence: Confidence,
    /// Whether the order in which events arrive matters.
    #[serde(default)]
    pub order: Order,
    /// ATT&CK technique ids, `T1114` or `T1114.003`.
    #[serde(default)]
    pub attack: Vec<String>,
    /// What an attacker does and why it matters.
    pub description: String,
    /// What the person who gets it should do, in order.
    pub next_steps: Vec<String>,
    /// When it is harmless.
    pub false_positives: Vec<String>,
    /// https URLs.
    #[serde(default)]
    pub references: Vec<String>,
    /// It pages also where it was found long after its event was received.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub page_when_late: bool,
}

/// How bad it is, in OCSF's words. Ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Severity {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// Every severity with its word, ascending.
    pub const WORDS: [(&str, Severity); 5] = [
        ("informational", Severity::Informational),
        ("low", Severity::Low),
        ("medium", Severity::Medium),
        ("high", Severity::High),
        ("critical", Severity::Critical),
    ];

    /// Its word in manifests, findings and output.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }

    /// The severity of a word, in case.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, severity)| *severity)
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// How sure it is, in OCSF's words. Ascending.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Confidence {
    Low,
    #[default]
    Medium,
    High,
}

impl Confidence {
    /// Every confidence with its word, ascending.
    pub const WORDS: [(&str, Confidence); 3] =
        [("low", Confidence::Low), ("medium", Confidence::Medium), ("high", Confidence::High)];

    /// Its word in manifests, findings and output.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }

    /// The confidence of a word, in case.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, confidence)| *confidence)
    }
}

impl std::fmt::Display for Confidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

impl Manifest {
    /// The path of a handle in one source.
    #[must_use]
    pub fn field_path(&self, source: &str, handle: &str) -> Option<&Path> {
        Some(&self.sources.get(source)?.fields.get(handle)?.path)
    }

    /// Whether a source's fields name this path.
    #[must_use]
    pub fn declares(&self, source: &str, path: &Path) -> bool {
        self.sources.get(source).is_some_and(|source| source.fields.values().any(|field| field.path == *path))
    }

    /// A rule by its id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(*self.by_id.get(id)?)
    }
}

/// Everything that is wrong with one manifest, in the text's order; displays one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ManifestErrors(pub Vec<ManifestError>);

/// One reason why a manifest is refused; the way out is in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", self.place())]
pub struct ManifestError {
    /// Line in the text, from 1, where it is known.
    pub line: Option<usize>,
    /// The key it is about, such as `rules[0].severity`; empty for syntax.
    pub key: String,
    /// What is wrong and what would do.
    pub reason: String,
}

impl ManifestError {
    fn place(&self) -> String {
        match (self.line, self.key.as_str()) {
            (Some(line), "") => format!("cordon.toml line {line}"),
            (Some(line), key) => format!("cordon.toml line {line}, `{key}`"),
            (None, "") => "cordon.toml".into(),
            (None, key) => format!("cordon.toml, `{key}`"),
        }
    }
}
