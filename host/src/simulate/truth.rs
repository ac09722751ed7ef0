//! The ground truth: what was planted, where, and what should find it.

use serde::Serialize;

use crate::ids::Digest;
use crate::model::Force;

/// One attack on one force, or an errand. Field order is the order in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planted {
    /// The force that is attacked.
    pub force: Force,
    /// The story's name.
    pub story: &'static str,
    /// What happens, in a sentence.
    pub what: &'static str,
    /// ATT&CK techniques; none of an errand.
    pub attack: &'static [&'static str],
    /// The accounts that are attacked or used, or whose errand it is.
    pub accounts: Vec<String>,
    /// When its first event happens, RFC 3339.
    pub first: String,
    /// When its last event happens.
    pub last: String,
    /// The event with which it can be known.
    pub knowable: Digest,
    /// What should find it today; nothing where no plugin does. What may tell of an errand.
    pub finds: Option<Finds>,
    /// Its events, in the order in which they happen.
    pub events: Vec<PlantedEvent>,
}

impl Planted {
    /// Whether it is an errand and no attack.
    #[must_use]
    pub fn is_errand(&self) -> bool {
        self.attack.is_empty()
    }
}

/// What should find an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finds {
    /// The plugin's id.
    pub plugin: &'static str,
    /// Its rule.
    pub rule: &'static str,
}

/// One event of an attack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlantedEvent {
    /// Its source.
    pub source: &'static str,
    /// When it happens, RFC 3339.
    pub time: String,
    /// SHA-256 of its source and exact bytes.
    pub identity: Digest,
}
