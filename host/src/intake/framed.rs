//! Events that a protocol has framed, each with its source, and how they become batches.
//!
//! Owns one batcher for each source that a request names, and one for the events that are recognised by their shape. Knows
//! no protocol.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use cordon_contract::limits::BATCH_ROWS;
use jiff::tz::TimeZone;

use super::IntakeError;
use crate::events::{Batch, Batcher, BatcherOptions, EventOrigin, RawEvent, Refusal};
use crate::model::{Force, SourceName};

/// Sources that one request may name. A record of the journal holds 64, and some may come by recognition.
const SOURCES: usize = 48;

/// One event of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed {
    /// Its bytes, and where they stood.
    pub event: RawEvent,
    /// Takes it as this source; without it, it is recognised by its shape.
    pub source: Option<SourceName>,
}

/// Gives a request's events one by one, in bounded memory.
pub trait Framing {
    /// The next event; `None` at the end. An inner `Err` is one event that the protocol refuses: reading goes on.
    ///
    /// # Errors
    /// When the request cannot be read further. Nothing of it is then taken.
    fn next(&mut self) -> Result<Option<Result<Framed, Refusal>>, IntakeError>;
}

/// See the module.
pub(super) struct Sorter {
    force: Force,
    batchers: BTreeMap<Option<SourceName>, Batcher>,
}

impl Sorter {
    pub(super) fn new(force: Force) -> Self {
        Self { force, batchers: BTreeMap::new() }
    }

    /// Takes an event received at `received` (microseconds since 1970 UTC); answers a batch when one is full.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        origin: EventOrigin,
        source: Option<SourceName>,
        received: i64,
    ) -> Result<Option<Batch>, Refusal> {
        let sources = self.batchers.len();
        let batcher = match self.batchers.entry(source) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) if sources < SOURCES => {
                let batcher = Batcher::new(BatcherOptions {
                    force: self.force.clone(),
                    source: new.key().clone(),
                    time_field: None,
                    // Local time is of no concern here: batches are formed again when they run.
                    zone: TimeZone::UTC,
                    rows: BATCH_ROWS,
                });
                new.insert(batcher)
            }
            Entry::Vacant(_) => {
                let reason = format!(
                    "the request names more than {SOURCES} sources: send the events of the others in another one"
                );
                return Err(Refusal { origin, kind: TOO_MANY_SOURCES, reason });
            }
        };
        batcher.push_bytes(bytes, origin, received)
    }

    /// The batches that are still open.
    pub(super) fn finish(&mut self) -> impl Iterator<Item = Batch> {
        std::mem::take(&mut self.batchers).into_values().flat_map(|mut batcher| batcher.finish())
    }
}

/// The kind of a refusal that the same event does not meet in another request.
pub(super) const TOO_MANY_SOURCES: &str = "too-many-sources";

#[cfg(test)]
mod tests {
    use super::*;

    fn push(sorter: &mut Sorter, line: u64, source: Option<&str>) -> Result<(), Refusal> {
        let origin = EventOrigin { file: "request".into(), line, unit: "line" };
        let source = source.map(|name| SourceName::new(name).unwrap());
        sorter.push(b"{\"n\":1}", origin, source, 7).map(|full| assert!(full.is_none()))
    }

    #[test]
    fn events_of_mixed_sources_come_out_by_source_and_too_many_sources_are_refused_one_by_one() {
        let mut sorter = Sorter::new(Force::new("avon").unwrap());
        for line in 0..SOURCES as u64 * 2 {
            push(&mut sorter, line, Some(&format!("custom.s{}", line % SOURCES as u64))).unwrap();
        }
        let refused = push(&mut sorter, 99, Some("custom.more")).unwrap_err();
        assert_eq!((refused.kind, refused.origin.line), (TOO_MANY_SOURCES, 99));
        assert!(push(&mut sorter, 100, None).is_err());
        assert!(push(&mut sorter, 101, Some("custom.s0")).is_ok());
        let rows: Vec<(String, usize)> =
            sorter.finish().map(|batch| (batch.source().to_string(), batch.len())).collect();
        assert_eq!(rows.len(), SOURCES);
        assert_eq!(rows[0], ("custom.s0".into(), 3));
        assert!(rows[1..].iter().all(|(_, rows)| *rows == 2));
    }
}
