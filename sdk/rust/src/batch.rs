//! The batch at hand: its rows, times and whole events. Columns are the fields' business.
//!
//! Owns what is asked of the host at most once, and the first trouble in asking: fields then read as absent, and the run ends
//! as a failure whatever `detect` answers, so that a missing column can never pass for a quiet batch.

use std::cell::{OnceCell, RefCell};

use crate::backend;
use crate::column::{Column, Multi};
use crate::kept::Kept;
use crate::mask::{Mask, Row};
use crate::state::State;
use crate::time::LocalTime;
use crate::{Failure, Findings};

/// Consecutive events of one force and one source: 1 to 4,096 rows.
pub struct Batch<'b> {
    raw: backend::Batch<'b>,
    rows: usize,
    source: String,
    explaining: bool,
    times: OnceCell<Vec<i64>>,
    received: OnceCell<Vec<i64>>,
    marks: OnceCell<Vec<u8>>,
    local_minutes: OnceCell<Vec<i16>>,
    columns: Kept<Column>,
    multis: Kept<Multi>,
    trouble: RefCell<Option<String>>,
}

impl<'b> Batch<'b> {
    pub(crate) fn new(raw: backend::Batch<'b>) -> Self {
        Self {
            rows: raw.len() as usize,
            source: raw.source(),
            explaining: backend::explaining(),
            raw,
            times: OnceCell::new(),
            received: OnceCell::new(),
            marks: OnceCell::new(),
            local_minutes: OnceCell::new(),
            columns: Kept::default(),
            multis: Kept::default(),
            trouble: RefCell::new(None),
        }
    }

    /// Number of rows.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.rows
    }

    /// What kind of log it is, such as `m365.audit`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Every row.
    #[must_use]
    pub fn all(&self) -> Mask {
        Mask::all(self.rows)
    }

    /// No row: where a chain of `|` begins.
    #[must_use]
    pub fn none(&self) -> Mask {
        Mask::none(self.rows)
    }

    /// Every row, in order.
    pub fn rows(&self) -> impl Iterator<Item = Row> + use<> {
        #[allow(clippy::cast_possible_truncation)] // the host counts rows in 32 bits
        (0..self.rows as u32).map(Row)
    }

    /// Event time in microseconds since 1970-01-01 UTC; the received time where the event has none ([`Batch::has_own_time`]).
    #[must_use]
    pub fn time(&self, row: Row) -> i64 {
        self.times.get_or_init(|| self.raw.times()).get(row.index()).copied().unwrap_or(0)
    }

    /// When the event's request was accepted, in microseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn received(&self, row: Row) -> i64 {
        self.received.get_or_init(|| self.raw.received()).get(row.index()).copied().unwrap_or(0)
    }

    fn mark(&self, row: Row) -> u8 {
        self.marks.get_or_init(|| self.raw.marks()).get(row.index()).copied().unwrap_or(0)
    }

    /// Whether the event carried a time of its own.
    #[must_use]
    pub fn has_own_time(&self, row: Row) -> bool {
        self.mark(row) & 1 == 0
    }

    /// Whether it was received more than an hour after its own time.
    #[must_use]
    pub fn was_late(&self, row: Row) -> bool {
        self.mark(row) & 2 != 0
    }

    /// Hour, minute and day of the week at the force, for 'outside working hours'.
    #[must_use]
    pub fn local(&self, row: Row) -> LocalTime {
        let minutes = self.local_minutes.get_or_init(|| self.raw.local_minutes());
        LocalTime::new(self.time(row), minutes.get(row.index()).copied().unwrap_or(0))
    }

    /// The rows whose local time is so: `batch.local_is(|at| at.is_weekend() || at.hour < 7)`.
    pub fn local_is(&self, mut test: impl FnMut(LocalTime) -> bool) -> Mask {
        let mut mask = self.none();
        self.rows().filter(|row| test(self.local(*row))).for_each(|row| mask.insert(row.0));
        mask
    }

    /// The whole event, exactly as received.
    ///
    /// # Errors
    /// Where the manifest does not ask for the grant `whole-events`, or the operator did not give it.
    pub fn whole(&self, row: Row) -> Result<String, Failure> {
        self.raw.whole(row.0).map_err(Failure::other)
    }

    /// An opaque reference to the event, to cite it in a finding of another row.
    #[must_use]
    pub fn reference(&self, row: Row) -> String {
        self.raw.reference(row.0)
    }

    /// Values that the host keeps for the plugin.
    #[must_use]
    pub fn state(&self) -> State<'_> {
        State::of(self)
    }

    pub(crate) fn raw(&self) -> &backend::Batch<'b> {
        &self.raw
    }

    /// Columns of all rows.
    pub(crate) fn columns(&self) -> &Kept<Column> {
        &self.columns
    }

    /// Of paths with `[]`.
    pub(crate) fn multis(&self) -> &Kept<Multi> {
        &self.multis
    }

    pub(crate) fn explaining(&self) -> bool {
        self.explaining
    }

    /// Notes that something could not be had; the first is told.
    pub(crate) fn note_trouble(&self, text: String) {
        self.trouble.borrow_mut().get_or_insert(text);
    }
}

/// Runs a detector's `detect` on a batch.
pub(crate) fn detect<T: crate::Detector>(
    detector: &T,
    raw: backend::Batch<'_>,
    run_settings: &str,
) -> Result<(), Failure> {
    let batch = Batch::new(raw);
    let mut findings = Findings::new();
    let answer = detector.detect(&batch, run_settings, &mut findings);
    let trouble = batch.trouble.borrow_mut().take();
    match trouble.or_else(|| findings.refusal()) {
        Some(text) => Err(Failure::other(text)),
        None => answer,
    }
}
