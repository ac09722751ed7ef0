//! From raw events to batches: checks, recognises the source, parses once, cuts at the limits.
//!
//! An event is parsed onto the tape of the batch that took the last one, which is nearly always its own; where it is
//! not, its nodes are moved. A refused event leaves nothing behind.

mod alone;
mod open;
mod refusal;

use cordon_contract::limits::{BATCH_BYTES, BATCH_ROWS, EVENT_BYTES};
use cordon_contract::path::{Path, Step};

use super::batch::{MARK_LATE, MARK_NO_TIME};
use super::sources::{Source, Sources};
use super::tape::{Document, Keys, NONE, Tape};
use super::time::{self, LocalMinutes, TimeFormat};
use super::{Batch, EventOrigin, Fingerprint, Kind, RawEvent, columns};
use crate::model::{Force, SourceName};
pub use alone::{AloneError, Recorded};
use open::{Open, Row};
pub(super) use refusal::{not_an_object, not_json, not_utf8, too_large, trim};

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
    /// A short kebab-case word to count by: `not-json`, `too-large`, `too-deep`, `lone-surrogate`, `not-utf8`,
    /// `unknown-source`, `not-an-object`, `no-audit-data`, `beside-wrapper`.
    pub kind: &'static str,
    /// For people.
    pub reason: String,
}

/// An hour, in microseconds.
const LATE: i64 = 3_600_000_000;

/// Accepted events after which a batch is cut though it is not full.
const WAIT_EVENTS: u64 = 16 * BATCH_ROWS as u64;
/// How often waiting batches are looked for, in accepted events.
const WAIT_LOOK: u64 = 1_024;

/// See the module. Keeps one open batch per source.
#[derive(Debug)]
pub struct Batcher {
    options: BatcherOptions,
    sources: &'static Sources,
    /// The forced source, looked up once.
    forced: Option<(SourceName, Option<&'static Source>)>,
    /// Keys that every batch starts with.
    keys: Keys,
    open: Vec<Open>,
    /// Which of them took the last event.
    last: usize,
    zone: LocalMinutes,
    accepted: u64,
    duplicate_keys: u64,
}

impl Batcher {
    /// A batcher without events. `rows` out of range are taken as the nearest limit.
    #[must_use]
    pub fn new(mut options: BatcherOptions) -> Self {
        options.rows = options.rows.clamp(1, BATCH_ROWS);
        let sources = Sources::get();
        let forced = options.source.clone().map(|name| {
            let table = sources.find(&name);
            (name, table)
        });
        let time_names = options.time_field.iter().flat_map(|path| path.steps()).filter_map(|step| match step {
            Step::Name(name) => Some(name.as_str()),
            _ => None,
        });
        let keys = sources.keys(time_names);
        let zone = LocalMinutes::new(options.zone.clone());
        Self { options, sources, forced, keys, open: Vec::new(), last: 0, zone, accepted: 0, duplicate_keys: 0 }
    }

    /// Takes one event, received at `received` (microseconds since 1970 UTC); answers a batch when one is full.
    ///
    /// # Errors
    /// A [`Refusal`]; the event is then not part of any batch.
    pub fn push(&mut self, event: RawEvent, received: i64) -> Result<Option<Batch>, Refusal> {
        self.put(&event.bytes, event.origin, received, None)
    }

    /// The same for an event that is not given away.
    ///
    /// # Errors
    /// As [`Batcher::push`].
    pub fn push_bytes(&mut self, bytes: &[u8], origin: EventOrigin, received: i64) -> Result<Option<Batch>, Refusal> {
        self.put(bytes, origin, received, None)
    }

    /// The same, but an event that says which one it is becomes part of a batch only where `wanted` says so.
    ///
    /// # Errors
    /// As [`Batcher::push`].
    pub fn push_wanted(
        &mut self,
        bytes: &[u8],
        origin: EventOrigin,
        received: i64,
        mut wanted: impl FnMut(Fingerprint) -> bool,
    ) -> Result<Option<Batch>, Refusal> {
        self.put(bytes, origin, received, Some(&mut wanted))
    }

    fn put(
        &mut self,
        bytes: &[u8],
        origin: EventOrigin,
        received: i64,
        wanted: Option<&mut dyn FnMut(Fingerprint) -> bool>,
    ) -> Result<Option<Batch>, Refusal> {
        let json = match self.check(bytes) {
            Ok(json) => json,
            Err((kind, reason)) => return Err(Refusal { origin, kind, reason }),
        };
        if self.open.is_empty() {
            // Whose it is will be known after parsing; until then a batch of the forced or the first source stands in.
            let (name, table) = self.identity_of(0);
            self.open.push(Open::new(name, table, self.keys.clone()));
        }
        self.last = self.last.min(self.open.len() - 1);
        let open = &mut self.open[self.last];
        let mark = open.tape.mark();
        let document = match open.tape.push(json) {
            Ok(document) => document,
            Err(error) => return Err(refusal::not_json(origin, json, error)),
        };
        match self.place(document, &origin) {
            Ok((source, shape)) => {
                if let Some(wanted) = wanted
                    && let (_, Some(table)) = self.identity_of(source)
                    && let Some(of) = Fingerprint::of(table, shape, &self.open[self.last].tape, document.root, json)
                    && !wanted(of)
                {
                    self.open[self.last].tape.back_to(mark);
                    return Ok(None);
                }
                let full = self.take(source, shape, document, mark, origin, received);
                Ok(full.or_else(|| self.cut_waiting()))
            }
            Err(refusal) => {
                self.open[self.last].tape.back_to(mark);
                Err(refusal)
            }
        }
    }

    /// The next event gets this sequence number, from 1, instead of the one after the last.
    pub fn number_next(&mut self, sequence: u64) {
        self.accepted = sequence.saturating_sub(1);
    }

    /// The batches that are still open, by source.
    pub fn finish(&mut self) -> Vec<Batch> {
        let mut open = std::mem::take(&mut self.open);
        open.retain(|open| open.rows() > 0);
        open.sort_by(|a, b| a.source.cmp(&b.source));
        open.into_iter().map(|open| open.close(self.options.force.clone())).collect()
    }

    /// Duplicate keys seen in accepted events so far (the last one won).
    #[must_use]
    pub fn duplicate_keys(&self) -> u64 {
        self.duplicate_keys
    }

    /// A batch whose first event has waited for [`WAIT_EVENTS`] others: a rare source must not hold back, in memory, what
    /// comes after it.
    fn cut_waiting(&mut self) -> Option<Batch> {
        if !self.accepted.is_multiple_of(WAIT_LOOK) {
            return None;
        }
        let waits = |open: &Open| open.first_sequence().is_some_and(|first| first + WAIT_EVENTS <= self.accepted);
        let at = self.open.iter().position(waits)?;
        Some(self.cut(at))
    }

    fn check<'a>(&self, bytes: &'a [u8]) -> Result<&'a str, (&'static str, String)> {
        if bytes.len() > EVENT_BYTES {
            return Err(refusal::too_large(bytes.len() as u64));
        }
        std::str::from_utf8(bytes).map(refusal::trim).map_err(|error| refusal::not_utf8(error.valid_up_to()))
    }

    /// Which source and shape the document on the last open tape has.
    fn place(&self, document: Document, origin: &EventOrigin) -> Result<(usize, usize), Refusal> {
        let tape = &self.open[self.last].tape;
        if tape.node(document.root).kind() != Kind::Object {
            return Err(refusal::not_an_object(origin.clone(), tape.node(document.root).kind()));
        }
        match &self.forced {
            Some((_, Some(table))) => Ok((0, table.shape_of(tape, document.root))),
            Some((_, None)) => Ok((0, 0)),
            None => self
                .sources
                .recognise(tape, document.root)
                .ok_or_else(|| refusal::unknown(origin.clone(), self.sources.nearest(tape, document.root))),
        }
    }

    /// Name and table of a source by its position.
    fn identity_of(&self, source: usize) -> (SourceName, Option<&'static Source>) {
        match &self.forced {
            Some(forced) => forced.clone(),
            None => {
                let table = &self.sources.list()[source];
                (table.name.clone(), Some(table))
            }
        }
    }

    fn take(
        &mut self,
        source: usize,
        shape: usize,
        document: Document,
        mark: super::tape::Mark,
        origin: EventOrigin,
        received: i64,
    ) -> Option<Batch> {
        let (name, table) = self.identity_of(source);
        let mut root = document.root;
        let mut full = None;
        let here = &mut self.open[self.last];
        if here.rows() == 0 && here.source != name {
            (here.source, here.table) = (name, table);
        } else if here.source != name {
            // Another source's event: over to its batch, cutting that one first when it has no room.
            let at = self.open.iter().position(|open| open.source == name).unwrap_or_else(|| {
                self.open.push(Open::new(name, table, self.keys.clone()));
                self.open.len() - 1
            });
            let bytes = self.open[self.last].tape.text().len() - self.open[self.last].bytes();
            if self.open[at].bytes() + bytes > BATCH_BYTES {
                full = Some(self.cut(at));
            }
            if let Ok([from, to]) = self.open.get_disjoint_mut([self.last, at]) {
                root = from.tape.move_tail(mark, &mut to.tape);
            }
            self.last = at;
        } else if here.tape.text().len() > BATCH_BYTES && here.rows() > 0 {
            let mut next = here.next(self.keys.clone());
            root = here.tape.move_tail(mark, &mut next.tape);
            let cut = std::mem::replace(here, next);
            full = Some(cut.close(self.options.force.clone()));
        }
        self.accepted += 1;
        self.duplicate_keys += document.duplicate_keys;
        let row = self.row(shape, root, origin, received);
        self.open[self.last].take(row);
        if self.open[self.last].rows() >= self.options.rows {
            // A batch of one row is never cut by bytes in the same call.
            full = full.or_else(|| Some(self.cut(self.last)));
        }
        full
    }

    fn row(&mut self, shape: usize, root: u32, origin: EventOrigin, received: i64) -> Row {
        let open = &self.open[self.last];
        let own = match (&self.options.time_field, open.table) {
            (_, Some(table)) => table.shapes.get(shape).and_then(|shape| {
                shape.times.iter().find_map(|(path, format)| time_at(&open.tape, path.find(&open.tape, root), *format))
            }),
            (Some(path), None) => {
                columns::first(&open.tape, root, path.steps()).and_then(|text| time::parse(&text, TimeFormat::Utc))
            }
            (None, None) => None,
        };
        let (time, marks) = match own {
            None => (received, MARK_NO_TIME),
            Some(time) if received.saturating_sub(time) > LATE => (time, MARK_LATE),
            Some(time) => (time, 0),
        };
        let local_minutes = self.zone.at(time);
        Row { root, shape: shape as u8, time, marks, received, local_minutes, sequence: self.accepted, origin }
    }

    fn cut(&mut self, at: usize) -> Batch {
        let next = self.open[at].next(self.keys.clone());
        std::mem::replace(&mut self.open[at], next).close(self.options.force.clone())
    }
}

fn time_at(tape: &Tape, node: u32, format: TimeFormat) -> Option<i64> {
    if node == NONE {
        return None;
    }
    let node = tape.node(node);
    match node.kind() {
        Kind::String if node.escaped() => {
            let mut text = String::new();
            super::tape::unescape(tape.raw(node), &mut text);
            time::parse(&text, format)
        }
        Kind::String | Kind::Number => time::parse(tape.raw(node), format),
        _ => None,
    }
}
