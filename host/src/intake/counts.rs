//! What was counted since the start: plain numbers, for whoever shows them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::clocks::Clock;
use crate::model::{Force, SourceName};

/// See the module.
#[derive(Debug, Default)]
pub struct Counts {
    /// Events taken.
    pub accepted: AtomicU64,
    /// Events refused.
    pub refused: AtomicU64,
    /// Events dropped: the same were there already, byte for byte.
    pub duplicates: AtomicU64,
    /// Events taken though one that says it is the same was there, with other bytes.
    pub changed: AtomicU64,
    /// Bytes of the events taken.
    pub bytes: AtomicU64,
    reasons: Mutex<BTreeMap<&'static str, u64>>,
    answers: Mutex<BTreeMap<&'static str, u64>>,
}

/// What one request brought of one source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// The source; none for refused lines whose source nobody knows.
    pub source: Option<SourceName>,
    /// Events taken.
    pub received: u64,
    /// Of these, those received more than an hour after their own time.
    pub late: u64,
    /// Events dropped as duplicates.
    pub duplicates: u64,
    /// Events refused.
    pub refused: u64,
    /// What their times say.
    pub clock: Clock,
}

/// What one request brought: told once its events are durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tallies {
    /// Whose events.
    pub force: Force,
    /// When the request came, microseconds since 1970 UTC.
    pub received: i64,
    /// One for each source, and one for refused lines.
    pub of: Vec<Tally>,
}

impl Counts {
    /// Counts an event that was refused for this reason.
    pub(super) fn refused(&self, kind: &'static str, events: u64) {
        self.refused.fetch_add(events, Ordering::Relaxed);
        add(&self.reasons, kind, events);
    }

    /// Counts a request by a word for its answer: `taken`, `repeated`, `too-large`, `quota`, ...
    pub fn answered(&self, word: &'static str) {
        add(&self.answers, word, 1);
    }

    /// Events refused, by reason.
    #[must_use]
    pub fn reasons(&self) -> BTreeMap<&'static str, u64> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Requests, by answer.
    #[must_use]
    pub fn answers(&self) -> BTreeMap<&'static str, u64> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn took(&self, tallies: &Tallies, changed: u64, bytes: u64) {
        let sum = |of: fn(&Tally) -> u64| -> u64 { tallies.of.iter().map(of).sum() };
        self.accepted.fetch_add(sum(|tally| tally.received), Ordering::Relaxed);
        self.duplicates.fetch_add(sum(|tally| tally.duplicates), Ordering::Relaxed);
        self.changed.fetch_add(changed, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn add(to: &Mutex<BTreeMap<&'static str, u64>>, word: &'static str, number: u64) {
    *to.lock().unwrap_or_else(PoisonError::into_inner).entry(word).or_default() += number;
}
