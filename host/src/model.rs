//! The words that every stage shares: force, source, finding. Plain data; knows no stage and no I/O.

use std::fmt;

use cordon_contract::manifest::{Confidence, Severity};
use serde::{Deserialize, Serialize};

/// A tenant's name: lower-case letters, digits and `-`, at most 64 bytes. Taken from the caller, never from an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Force(String);

/// A source's name: `m365.audit`, `entra.signin`, ..., or `custom.NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SourceName(String);

/// A name that is not well formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no {what}: {reason}")]
pub struct NameError {
    what: &'static str,
    given: String,
    reason: String,
}

impl NameError {
    fn new(what: &'static str, given: &str, reason: impl Into<String>) -> Self {
        Self { what, given: given.chars().take(80).collect(), reason: reason.into() }
    }
}

impl Force {
    /// Checks and wraps a name.
    ///
    /// # Errors
    /// When it is empty, over 64 bytes, or has other characters than lower-case letters, digits and `-`.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if name.is_empty() || name.len() > 64 {
            return Err(NameError::new("force name", name, "use 1 to 64 characters"));
        }
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(NameError::new("force name", name, "use lower-case letters, digits and `-`"));
        }
        Ok(Self(name.to_owned()))
    }

    /// The tenant of the National Management Centre: every host has it.
    #[must_use]
    pub fn national() -> Self {
        Self("nmc".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SourceName {
    /// Sources that the host knows by name. `cordon.*` are made by the host itself.
    pub const KNOWN: &[&str] = cordon_contract::manifest::SOURCES;

    /// Checks and wraps a name.
    ///
    /// # Errors
    /// When it is neither a known source nor `custom.` and a name of lower-case letters, digits, `-` and `_`.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if cordon_contract::manifest::is_source(name) {
            return Ok(Self(name.to_owned()));
        }
        Err(NameError::new("source", name, format!("use one of {}, or custom.NAME", Self::KNOWN.join(", "))))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `custom.NAME`: taken as it is, without shapes.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.0.starts_with("custom.")
    }
}

impl TryFrom<String> for Force {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(&name)
    }
}

impl TryFrom<String> for SourceName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(&name)
    }
}

impl fmt::Display for Force {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A finding as a plugin emitted it, already checked against its manifest and the limits; not yet stamped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emitted {
    /// Row of the batch that triggered it.
    pub row: u32,
    /// A rule of the manifest.
    pub rule: String,
    /// Where it differs from the rule's.
    pub severity: Option<Severity>,
    /// Where it differs from the rule's.
    pub confidence: Option<Confidence>,
    /// Where it differs from the rule's.
    pub title: Option<String>,
    /// What happened.
    pub summary: String,
    /// Whom or what it is about.
    pub entities: Vec<Entity>,
    /// Shown with it, in order.
    pub context: Vec<(String, String)>,
    /// References of other events.
    pub cited: Vec<String>,
    /// Alerts group by it.
    pub key: String,
}

/// Somebody or something that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entity {
    /// `user`, `ip`, `app`, ...
    pub kind: String,
    /// As it stands in the event.
    pub value: String,
}

/// Whether something is about one of these accounts, mailboxes or numbers.
#[must_use]
pub fn is_about(own: &[String], entities: &[Entity]) -> bool {
    own.iter().any(|own| is_named(own, entities))
}

/// Whether something is about this account, mailbox or number; about an empty one nothing is.
#[must_use]
pub fn is_named(own: &str, entities: &[Entity]) -> bool {
    entities.iter().any(|entity| is_same(&entity.value, own))
}

/// Whether a text names somebody's account, mailbox or number: whole, or as a part between other characters than those of a
/// name. Rather one too many: where one is wrongly left out, others are told instead.
fn is_same(text: &str, own: &str) -> bool {
    let (own, text) = (own.trim().to_lowercase(), text.to_lowercase());
    if own.is_empty() {
        return false;
    }
    if own.chars().all(is_of_number) {
        let own = digits(&own);
        return text.split(|c| !is_of_number(c)).map(digits).any(|found| is_same_number(&own, &found));
    }
    // As a guest of another tenant, `jo@avon.example` is `jo_avon.example#EXT#@other.example`.
    let is_as_guest = || names(&text, &format!("{}#ext", own.replace('@', "_")));
    names(&text, &own) || (own.contains('@') && (names(&without_tags(&text), &without_tags(&own)) || is_as_guest()))
}

/// Whether a text holds a name between other characters than those of a name.
fn names(text: &str, own: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || "._-'@".contains(c);
    text.match_indices(own).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + own.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

/// `jo+alerts@avon.example` gets what is sent to `jo@avon.example`.
fn without_tags(text: &str) -> String {
    let mut parts = text.split('@');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let begins = out.rfind(|c: char| c.is_whitespace() || "<>,;:\"|".contains(c)).map_or(0, |at| at + 1);
        if let Some(tag) = out.get(begins..).and_then(|name| name.find('+')).filter(|tag| *tag > 0) {
            out.truncate(begins + tag);
        }
        out.push('@');
        out.push_str(part);
    }
    out
}

fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || c.is_whitespace() || "+-()./\u{2010}\u{2011}\u{2012}\u{2013}".contains(c)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// 07700 900123 and +44 (0)7700 900123 are the same.
fn is_same_number(own: &str, found: &str) -> bool {
    let tail = |text: &str| text.get(text.len().saturating_sub(9)..).unwrap_or_default().to_owned();
    !own.is_empty() && (own == found || (own.len() >= 9 && found.len() >= 9 && tail(own) == tail(found)))
}

/// A level that a plugin logs at. Ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// One line of a plugin's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// How grave.
    pub level: LogLevel,
    /// What it said.
    pub message: String,
}

/// One look of a plugin at one value, for `cordon run --explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Row of the batch.
    pub row: u32,
    /// Handle name.
    pub field: String,
    /// What was asked.
    pub predicate: String,
    /// What stood there; none where absent.
    pub value: Option<String>,
    /// Whether it held.
    pub held: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebodys_own_account_mailbox_and_number_are_known_in_every_spelling_and_others_are_not_taken_for_them() {
        let is_about = |own: &str, value: &str| {
            let entities = [Entity { kind: "user".into(), value: value.into() }];
            super::is_about(&[own.to_owned()], &entities)
        };
        for (own, value) in [
            ("jo@avon.example", "JO@Avon.Example"),
            ("jo@avon.example", "Jo Bloggs <jo@avon.example>"),
            ("jo@avon.example", "SMTP:jo@avon.example"),
            ("jo@avon.example", "i:0#.f|membership|jo@avon.example"),
            ("jo@avon.example", "jo+work@avon.example"),
            ("jo@avon.example", "Jo <jo+work@avon.example>"),
            ("jo+work@avon.example", "jo@avon.example"),
            ("jo@avon.example", "jo_avon.example#EXT#@other.example"),
            ("jo", "AVON\\jo"),
            ("07700 900123", "+447700900123"),
            ("07700 900123", "tel:+44-7700-900123"),
            ("+44 7700 900123", "0044 (0)7700 900123"),
            ("07700 900123", "sip:+447700900123@voice.example"),
            ("07700 900123", "Jo, 07700\u{2011}900\u{2011}123"),
            ("999", "999"),
        ] {
            assert!(is_about(own, value), "{own}: {value}");
        }
        for (own, value) in [
            ("jo@avon.example", "banjo@avon.example"),
            ("jo@avon.example", "jo@avon.example.evil"),
            ("07700 900123", "07700 900124"),
            ("07700 900123", "1999"),
            ("999", "+44 999 1234567"),
            ("", "x"),
            ("-", "a-b"),
        ] {
            assert!(!is_about(own, value), "{own}: {value}");
        }
    }
}
