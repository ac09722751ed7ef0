//! From raw events to batches: checks, recognises the source, parses once, cuts at the limits.

use cordon_contract::path::Path;

use super::{Batch, EventOrigin, RawEvent};
use crate::model::{Force, SourceName};

/// How events become batches.
#[derive(Debug, Clone)]
pub struct BatcherOptions {
    /// The tenant; from the caller.
    pub force: Force,
    /// Takes every event as this source; without it each event is recognised by its shape.
    pub source: Option<SourceName>,
    /// Where a custom source keeps its time.
    pub time_field: Option<Path>,
    /// The force's time zone.
    pub zone: jiff::tz::TimeZone,
    /// Rows of a batch at most, 1 to `cordon_contract::limits::BATCH_ROWS`.
    pub rows: usize,
}

/// An event that was not taken, and why, with the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {} {}: {reason}", origin.file, origin.unit, origin.line)]
pub struct Refusal {
    /// Where it stood.
    pub origin: EventOrigin,
    /// A short kebab-case word to count by: `not-json`, `too-large`, `too-deep`, `not-utf8`, `unknown-source`, `not-an-object`, ...
    pub kind: &'static str,
    /// For people.
    pub reason: String,
}

/// See the module. Keeps one open batch per source.
#[derive(Debug)]
pub struct Batcher {}

#[allow(missing_docs, clippy::todo, unused_variables)]
impl Batcher {
    pub fn new(options: BatcherOptions) -> Self {
        todo!()
    }
    /// Takes one event, received at `received` (microseconds since 1970 UTC); answers a batch when one is full.
    ///
    /// # Errors
    /// A [`Refusal`]; the event is then not part of any batch.
    pub fn push(&mut self, event: RawEvent, received: i64) -> Result<Option<Batch>, Refusal> {
        todo!()
    }
    /// The batches that are still open, by source.
    pub fn finish(&mut self) -> Vec<Batch> {
        todo!()
    }
    /// Duplicate keys seen in accepted events so far (the last one won).
    pub fn duplicate_keys(&self) -> u64 {
        todo!()
    }
}
