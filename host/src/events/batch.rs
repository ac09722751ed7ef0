//! A batch: consecutive events of one force and one source, parsed once, its columns built on demand and shared.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock, PoisonError};

use cordon_contract::path::{Path, Step};

use super::columns::{self, Found, Group};
use super::cut::cut;
use super::kept::{Shared, shared};
use super::parts::Part;
use super::sources::Source;
use super::tape::Tape;
use super::{Column, Fingerprint, Multi};
use crate::ids::{Digest, event_identity};
use crate::model::{Force, SourceName};

/// Where an event came from, for messages and evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventOrigin {
    /// File as named by the user, or `-`.
    pub file: Arc<str>,
    /// Line (NDJSON, CSV: of its first line) or, in one JSON document, the element's number; from 1.
    pub line: u64,
    /// What `line` counts: `line` or `element`.
    pub unit: &'static str,
}

/// Why a column is not given. `needs-grant` and `not-declared` are the sandbox's to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum AccessError {
    #[error("{0}")]
    BadRows(String),
    #[error("{0}")]
    ManyValues(String),
}

/// Bit of `marks`: the event has no time of its own.
pub(super) const MARK_NO_TIME: u8 = 1;
/// Bit of `marks`: received more than an hour after its own time.
pub(super) const MARK_LATE: u8 = 2;

/// The parsed events, shared by a batch and its selections. One entry per row.
pub(super) struct Events {
    pub(super) force: Force,
    pub(super) source: SourceName,
    /// `None` for sources that are taken as they are.
    pub(super) table: Option<&'static Source>,
    pub(super) tape: Tape,
    /// Rows plus one entries: where each event's text starts.
    pub(super) starts: Vec<u32>,
    pub(super) roots: Vec<u32>,
    /// Position of each event's shape in its source.
    pub(super) shapes: Vec<u8>,
    pub(super) times: Vec<i64>,
    pub(super) marks: Vec<u8>,
    pub(super) received: Vec<i64>,
    pub(super) local_minutes: Vec<i16>,
    pub(super) sequences: Vec<u64>,
    pub(super) origins: Vec<EventOrigin>,
}

/// See the module. Cheap to share: put it in an `Arc`.
pub struct Batch {
    events: Arc<Events>,
    rows: Range<usize>,
    columns: Shared<Path, Column>,
    multis: Shared<Path, Multi>,
    parts: OnceLock<Vec<Part>>,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("force", self.force())
            .field("source", self.source())
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl Batch {
    pub(super) fn new(events: Arc<Events>, rows: Range<usize>) -> Self {
        let (columns, multis, parts) = Default::default();
        Self { events, rows, columns, multis, parts }
    }

    /// Whose events they are.
    #[must_use]
    pub fn force(&self) -> &Force {
        &self.events.force
    }

    /// What kind of log they are.
    #[must_use]
    pub fn source(&self) -> &SourceName {
        &self.events.source
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no rows; only a selection can be so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all events.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (self.events.starts[self.rows.end] - self.events.starts[self.rows.start]) as usize
    }

    /// Event times, microseconds since 1970 UTC.
    #[must_use]
    pub fn times(&self) -> &[i64] {
        &self.events.times[self.rows.clone()]
    }

    /// Bit 0: no time of its own; bit 1: late by more than an hour.
    #[must_use]
    pub fn marks(&self) -> &[u8] {
        &self.events.marks[self.rows.clone()]
    }

    /// When each event's request was accepted, microseconds since 1970 UTC.
    #[must_use]
    pub fn received(&self) -> &[i64] {
        &self.events.received[self.rows.clone()]
    }

    /// Offset of the force's time zone at each event's time, minutes east of UTC.
    #[must_use]
    pub fn local_minutes(&self) -> &[i16] {
        &self.events.local_minutes[self.rows.clone()]
    }

    /// Sequence number of a row in its force's stream (for `run`: counted from 1 over the accepted events of the input);
    /// 0 where there is no such row.
    #[must_use]
    pub fn sequence(&self, row: usize) -> u64 {
        self.at(row).map_or(0, |at| self.events.sequences[at])
    }

    /// Where the event of a row stood.
    #[must_use]
    pub fn origin(&self, row: usize) -> Option<&EventOrigin> {
        self.at(row).map(|at| &self.events.origins[at])
    }

    /// The event exactly as received (UTF-8 JSON).
    #[must_use]
    pub fn event(&self, row: usize) -> Option<&str> {
        let at = self.at(row)?;
        self.events.tape.text().get(self.events.starts[at] as usize..self.events.starts[at + 1] as usize)
    }

    /// Identity of the event: SHA-256 of (source, exact bytes), computed when asked.
    #[must_use]
    pub fn identity(&self, row: usize) -> Option<Digest> {
        Some(event_identity(self.source().as_str(), self.event(row)?.as_bytes()))
    }

    /// What a row's event says that it is, and what it is; none where it says nothing.
    #[must_use]
    pub fn fingerprint(&self, row: usize) -> Option<Fingerprint> {
        let at = self.at(row)?;
        let (table, text) = (self.events.table?, self.event(row)?);
        Fingerprint::of(table, usize::from(self.events.shapes[at]), &self.events.tape, self.events.roots[at], text)
    }

    /// The event of a row with only what these paths lead to: see `cut.rs`.
    #[must_use]
    pub fn cut(&self, row: usize, paths: &[&Path]) -> Option<String> {
        let at = self.at(row)?;
        let shape = self.events.table.and_then(|table| table.shapes.get(usize::from(self.events.shapes[at])));
        let concrete = |path: &&Path| match shape {
            Some(shape) => shape.resolve(path.steps()),
            None => vec![path.steps().to_vec()],
        };
        let concrete: Vec<Vec<Step>> = paths.iter().flat_map(concrete).collect();
        let steps: Vec<&[Step]> = concrete.iter().map(Vec::as_slice).collect();
        Some(cut(&self.events.tape, self.events.roots[at], &steps))
    }

    /// Name of the shape of a row's event; none for sources that are taken as they are.
    #[must_use]
    pub fn shape(&self, row: usize) -> Option<&str> {
        let shape = self.events.shapes[self.at(row)?];
        self.events.table.and_then(|table| table.shapes.get(usize::from(shape))).map(|shape| shape.name.as_str())
    }

    /// A path without `[]`, for all rows. Built once, then shared.
    ///
    /// # Errors
    /// `ManyValues` for a path with `[]`.
    pub fn column(&self, path: &Path) -> Result<Arc<Column>, AccessError> {
        one_value(path)?;
        Ok(shared(&self.columns, path, || {
            let (steps, transform) = columns::split_transform(path.steps());
            match (transform, Path::from_steps(steps.to_vec())) {
                (Some(transform), Ok(plain)) => {
                    let plain = shared(&self.columns, &plain, || self.build(steps, None));
                    columns::transform(&plain, transform)
                }
                _ => self.build(path.steps(), None),
            }
        }))
    }

    /// The same where somebody has asked for it before.
    #[must_use]
    pub fn built(&self, path: &Path) -> Option<Arc<Column>> {
        let columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        columns.get(path)?.get().cloned()
    }

    /// The same for strictly ascending rows.
    ///
    /// # Errors
    /// `BadRows`, `ManyValues`.
    pub fn column_for(&self, path: &Path, rows: &[u32]) -> Result<Column, AccessError> {
        one_value(path)?;
        if let Some(pair) = rows.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(AccessError::BadRows(format!(
                "row {} stands before row {}: give rows strictly ascending",
                pair[0], pair[1]
            )));
        }
        if let Some(last) = rows.last().filter(|last| **last as usize >= self.len()) {
            return Err(AccessError::BadRows(format!("row {last} is beyond the batch, which has {} rows", self.len())));
        }
        let (steps, transform) = columns::split_transform(path.steps());
        let plain = self.build(steps, Some(rows));
        Ok(transform.map_or_else(|| plain.clone(), |step| columns::transform(&plain, step)))
    }

    /// Any path, one slot per array element; a path without `[]` has one slot per row.
    #[must_use]
    pub fn values(&self, path: &Path) -> Arc<Multi> {
        shared(&self.multis, path, || {
            let (steps, transform) = columns::split_transform(path.steps());
            let multi = columns::many(self.len(), &self.groups(steps, None));
            match transform {
                None => multi,
                Some(step) => Multi { starts: multi.starts, values: Arc::new(columns::transform(&multi.values, step)) },
            }
        })
    }

    /// A batch of the chosen rows only (ascending), as if they had been received alone: same identities, times, origins
    /// and sequence numbers. For splits in tests, `--explain`, and reproduction. Rows beyond the batch are left out.
    #[must_use]
    pub fn select(&self, rows: Range<usize>) -> Batch {
        let start = rows.start.min(self.len());
        let end = rows.end.clamp(start, self.len());
        Batch::new(Arc::clone(&self.events), self.rows.start + start..self.rows.start + end)
    }

    fn at(&self, row: usize) -> Option<usize> {
        (row < self.len()).then(|| self.rows.start + row)
    }

    /// Whether any row has something under a path; costs less than its column.
    #[must_use]
    pub fn has(&self, path: &Path) -> bool {
        let (steps, _) = columns::split_transform(path.steps());
        self.groups(steps, None).iter().flat_map(|group| &group.candidates).any(Found::is_anywhere)
    }

    fn build(&self, steps: &[Step], rows: Option<&[u32]>) -> Column {
        columns::single(rows.map_or(self.len(), <[u32]>::len), &self.groups(steps, rows))
    }

    /// What the path finds, by the shapes of the rows asked for.
    fn groups(&self, steps: &[Step], rows: Option<&[u32]>) -> Vec<Group<'_>> {
        let events = &self.events;
        let parts = self.parts.get_or_init(|| {
            Part::all(&events.shapes[self.rows.clone()], &events.roots[self.rows.clone()], events.table)
        });
        parts.iter().filter_map(|part| part.group(&events.tape, steps, rows)).collect()
    }
}

fn one_value(path: &Path) -> Result<(), AccessError> {
    if path.has_all() {
        return Err(AccessError::ManyValues(format!("`{path}` has `[]`: an event may hold many values, ask `values`")));
    }
    Ok(())
}
