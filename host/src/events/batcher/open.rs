//! A batch that still takes events.

use std::sync::Arc;

use super::super::batch::Events;
use super::super::sources::Source;
use super::super::tape::{Keys, Tape};
use super::super::{Batch, EventOrigin};
use crate::model::{Force, SourceName};

/// What is known of an event beside its text.
pub(super) struct Row {
    pub(super) root: u32,
    pub(super) shape: u8,
    pub(super) time: i64,
    pub(super) marks: u8,
    pub(super) received: i64,
    pub(super) local_minutes: i16,
    pub(super) sequence: u64,
    pub(super) origin: EventOrigin,
}

/// See the module. The tape may hold one more document than there are rows: the one that is being judged.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) source: SourceName,
    pub(super) table: Option<&'static Source>,
    pub(super) tape: Tape,
    starts: Vec<u32>,
    roots: Vec<u32>,
    shapes: Vec<u8>,
    times: Vec<i64>,
    marks: Vec<u8>,
    received: Vec<i64>,
    local_minutes: Vec<i16>,
    sequences: Vec<u64>,
    origins: Vec<EventOrigin>,
}

impl Open {
    pub(super) fn new(source: SourceName, table: Option<&'static Source>, keys: Keys) -> Self {
        Self {
            source,
            table,
            tape: Tape::new(keys),
            starts: vec![0],
            roots: Vec::new(),
            shapes: Vec::new(),
            times: Vec::new(),
            marks: Vec::new(),
            received: Vec::new(),
            local_minutes: Vec::new(),
            sequences: Vec::new(),
            origins: Vec::new(),
        }
    }

    /// An empty one for more events like these.
    pub(super) fn next(&self, keys: Keys) -> Self {
        let rows = self.rows();
        Self {
            tape: Tape::like(&self.tape, keys),
            roots: Vec::with_capacity(rows),
            sequences: Vec::with_capacity(rows),
            origins: Vec::with_capacity(rows),
            ..Self::new(self.source.clone(), self.table, Keys::with([]))
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.roots.len()
    }

    /// Sequence number of the first row.
    pub(super) fn first_sequence(&self) -> Option<u64> {
        self.sequences.first().copied()
    }

    /// Bytes of the events taken.
    pub(super) fn bytes(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }

    /// Takes the document at the tape's end as a row.
    pub(super) fn take(&mut self, row: Row) {
        self.starts.push(self.tape.text().len() as u32);
        self.roots.push(row.root);
        self.shapes.push(row.shape);
        self.times.push(row.time);
        self.marks.push(row.marks);
        self.received.push(row.received);
        self.local_minutes.push(row.local_minutes);
        self.sequences.push(row.sequence);
        self.origins.push(row.origin);
    }

    pub(super) fn close(self, force: Force) -> Batch {
        let rows = self.rows();
        let events = Events {
            force,
            source: self.source,
            table: self.table,
            tape: self.tape,
            starts: self.starts,
            roots: self.roots,
            shapes: self.shapes,
            times: self.times,
            marks: self.marks,
            received: self.received,
            local_minutes: self.local_minutes,
            sequences: self.sequences,
            origins: self.origins,
        };
        Batch::new(Arc::new(events), 0..rows)
    }
}
