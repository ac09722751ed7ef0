//! A plugin as lanes run it, and what a lane may spend on narrowing its faults.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{SchedulerError, StreamKey};
use crate::evidence::Terms;
use crate::findings::Lane;
use crate::ids::Digest;
use crate::model::Force;
use crate::registry::Loaded;
use crate::results::{Inherit, Inherits, LaneSource};
use crate::sandbox::Sandbox;
use crate::store::Store;

/// A plugin with its settings, as one kind of lane runs it. Lanes and tasks hold it by itself: what is under way ends on what
/// it began with.
#[derive(Debug)]
pub struct Deployed {
    /// The plugin and its settings.
    pub loaded: Loaded,
    /// The kind of lane.
    pub lane: Lane,
    /// Of a hunt: up to which sequence number it goes, by force; empty else.
    pub ends: BTreeMap<Force, u64>,
    /// Digest of the file that says what it runs under.
    pub(super) terms: Digest,
    /// What it takes over from the version before.
    pub(super) inherits: Inherit,
}

impl Deployed {
    /// Keeps what it runs under as a file: what it leads to cites it, from its first run on. The component must be kept
    /// already.
    ///
    /// # Errors
    /// The store's.
    pub fn new(loaded: Loaded, lane: Lane, sandbox: &Sandbox, store: &Store) -> Result<Self, SchedulerError> {
        let terms = store.put_file(&Terms::of(&loaded, sandbox).to_bytes())?;
        Ok(Self { loaded, lane, ends: BTreeMap::new(), terms, inherits: Inherit::default() })
    }

    /// The same as a hunt that ends there.
    #[must_use]
    pub fn ending(mut self, ends: BTreeMap<Force, u64>) -> Self {
        self.ends = ends;
        self
    }

    /// The same, taking this over from the version before.
    #[must_use]
    pub fn inheriting(mut self, inherits: Inherit) -> Self {
        self.inherits = inherits;
        self
    }

    /// Whether its lanes keep anything from batch to batch.
    pub(super) fn remembers(&self) -> bool {
        self.loaded.plugin.manifest().remembers()
    }

    /// The shadow lane whose memory this live lane takes over when it begins to run this version.
    pub(super) fn takes_over(&self, lane: &LaneSource) -> Option<LaneSource> {
        let takes = self.lane.is_live() && self.inherits.what == Inherits::Shadow;
        takes.then(|| LaneSource { kind: Lane::Shadow(self.digest()), ..lane.clone() })
    }

    /// Whether it is to run otherwise than this one.
    pub(super) fn differs(&self, other: &Self) -> bool {
        self.digest() != other.digest() || self.terms != other.terms || self.inherits != other.inherits
    }

    /// Up to which sequence number it goes in a force's journal.
    pub(super) fn end(&self, force: &Force) -> u64 {
        self.ends.get(force).copied().unwrap_or(u64::MAX)
    }

    pub(super) fn id(&self) -> &str {
        &self.loaded.plugin.manifest().plugin.id
    }

    pub(super) fn version(&self) -> String {
        self.loaded.plugin.manifest().plugin.version.to_string()
    }

    pub(super) fn digest(&self) -> Digest {
        self.loaded.plugin.digest()
    }

    /// What its runs are counted under: a shadow's runs are not the live plugin's.
    pub(super) fn counted_as(&self) -> String {
        match self.lane {
            Lane::Live => self.id().to_owned(),
            other => format!("{}+{}", self.id(), other.word()),
        }
    }

    /// Its lane in a stream.
    pub(super) fn lane(&self, key: &StreamKey) -> LaneSource {
        let (force, plugin, source) = (key.0.clone(), self.id().to_owned(), key.1.clone());
        LaneSource { force, plugin, kind: self.lane, source }
    }
}

/// CPU time that a lane may spend on narrowing in each minute: a plugin that always faults costs no more than that, and its
/// batches are then passed whole.
const NARROWING: Duration = Duration::from_secs(2);
const MINUTE: Duration = Duration::from_secs(60);

/// See the module. Pure: time is given.
#[derive(Debug, Default)]
pub(super) struct Budget {
    since: Option<Instant>,
    spent: Duration,
}

impl Budget {
    /// What is left in this minute.
    pub(super) fn left(&mut self, now: Instant) -> Duration {
        if self.since.is_none_or(|since| now.duration_since(since) >= MINUTE) {
            *self = Self { since: Some(now), spent: Duration::ZERO };
        }
        NARROWING.saturating_sub(self.spent)
    }

    pub(super) fn spend(&mut self, time: Duration) {
        self.spent += time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spent_comes_back_after_a_minute() {
        let (mut budget, now) = (Budget::default(), Instant::now());
        assert_eq!(budget.left(now), NARROWING);
        budget.spend(NARROWING * 2);
        assert_eq!(budget.left(now + MINUTE / 2), Duration::ZERO);
        assert_eq!(budget.left(now + MINUTE), NARROWING);
    }
}
