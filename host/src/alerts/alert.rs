//! An alert, and what may become of it. Plain data.

use cordon_contract::manifest::{Confidence, Severity};
use serde::{Deserialize, Serialize};

use crate::ids::Digest;
use crate::model::{Entity, Force};

/// See the module. Times in microseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Alert {
    /// What people call it: `avon-12`. Can be read aloud.
    pub reference: String,
    /// Whose it is.
    pub force: Force,
    /// From 1, for each force.
    pub number: u64,
    /// Each change makes it one more: who changes an alert says which one they saw.
    pub revision: u64,
    /// Findings of one fingerprint are one alert.
    pub fingerprint: Digest,
    /// What found it, its version and component, and by which rule.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its component.
    pub component: Digest,
    /// The rule of its manifest.
    pub rule: String,
    /// What the finding groups by.
    pub key: String,
    /// In a line.
    pub title: String,
    /// What happened, as the newest finding says it.
    pub summary: String,
    /// The highest of its findings.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// ATT&CK techniques.
    pub attack: Vec<String>,
    /// Whom or what it is about; at most 64, and then no more are added.
    pub entities: Vec<Entity>,
    /// What to do.
    pub next_steps: Vec<String>,
    /// What else it may be.
    pub false_positives: Vec<String>,
    /// To read on.
    pub references: Vec<String>,
    /// How far people have come with it.
    pub state: State,
    /// What it was, once it is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Who works it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When it was made.
    pub created: i64,
    /// When it changed last, or had another finding.
    pub updated: i64,
    /// Time of its earliest event.
    pub first_seen: i64,
    /// Time of its latest event.
    pub last_seen: i64,
    /// Its findings.
    pub count: u64,
    /// The ids of the first 64.
    pub findings: Vec<Digest>,
    /// The events of the first three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// All of it was found long after its events were received: it goes out with others, never as a page.
    pub late: bool,
    /// The hunt that found it first, where no plugin found it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunt: Option<u64>,
    /// The exercise that it is of: no attack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercise: Option<String>,
    /// The maintenance window in which it came: it goes out with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<String>,
    /// When somebody first had it, microseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<i64>,
    /// When it first could do no more harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contained: Option<i64>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<i64>,
    /// The incident that it is of: the number of that one's first alert, when it was linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<u64>,
    /// The resolved alert that it returned from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<String>,
}

/// An event that triggered a finding of an alert, as far as its plugin declared to look at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Evidence {
    /// Its source.
    pub source: String,
    /// When it happened, RFC 3339.
    pub time: String,
    /// Its identity: SHA-256 of source and exact bytes.
    pub sha256: Digest,
    /// The declared fields as JSON, cut where it is long.
    pub fields: String,
}

/// How far people have come with an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum State {
    New,
    Acknowledged,
    InProgress,
    Contained,
    Resolved,
}

/// What an alert was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Verdict {
    TruePositive,
    FalsePositive,
    /// It happened as found, and was meant to.
    Benign,
    Test,
    Duplicate,
}

/// One change of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Change {
    /// The alert's revision with it.
    pub revision: u64,
    /// What happened.
    pub kind: Kind,
    /// When, microseconds since 1970 UTC.
    pub at: i64,
    /// The token's id, or `host`.
    pub by: String,
    /// For whom, where that is somebody else, and how they said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// In people's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Kind {
    /// It was made.
    Created,
    /// A finding was graver than those before, or the first that is not late.
    Raised,
    Acknowledged,
    Assigned,
    Noted,
    Started,
    Contained,
    Resolved,
    Reopened,
}

impl Alert {
    /// Whether it goes out with others, never as a page.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.late || self.maintenance.is_some()
    }
}

impl State {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Acknowledged => "acknowledged",
            Self::InProgress => "in-progress",
            Self::Contained => "contained",
            Self::Resolved => "resolved",
        }
    }
}

/// The reference of a force's alert.
pub(super) fn reference(force: &Force, number: u64) -> String {
    format!("{force}-{number}")
}

/// Whose alert a reference is, and which.
pub(super) fn numbered(reference: &str) -> Option<(Force, u64)> {
    numbered_behind(reference, "")
}

/// The same, where a letter stands before the number, in lower case; in either case in the reference.
pub(super) fn numbered_behind(reference: &str, letter: &str) -> Option<(Force, u64)> {
    let reference = reference.trim().to_lowercase();
    let (force, number) = reference.rsplit_once('-')?;
    let number = number.strip_prefix(letter)?;
    let number = number.parse().ok().filter(|_| number.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some((Force::new(force).ok()?, number))
}

/// An alert of Avon, for tests.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) fn sample(number: u64) -> Alert {
    let digest = Digest::of(b"x");
    serde_json::from_value(serde_json::json!({
        "reference": format!("avon-{number}"), "force": "avon", "number": number, "revision": 1, "fingerprint": digest,
        "plugin": "p", "version": "1.0.0", "component": digest, "rule": "r", "key": "k", "title": "T", "summary": "S",
        "severity": "high", "confidence": "high", "attack": [], "next-steps": [], "false-positives": [], "entities": [],
        "references": [], "state": "new", "created": 0, "updated": 0, "first-seen": 0, "last-seen": 0, "count": 1,
        "findings": [], "late": false,
    }))
    .unwrap()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_is_written_and_as_it_is_said() {
        let force = Force::new("west-marches").unwrap();
        assert_eq!(numbered(&reference(&force, 12)), Some((force.clone(), 12)));
        assert_eq!(numbered(" West-Marches-12 "), Some((force, 12)));
        for bad in ["", "12", "avon", "avon-", "avon-x", "avon-+1", "-1"] {
            assert_eq!(numbered(bad), None, "{bad}");
        }
    }
}
