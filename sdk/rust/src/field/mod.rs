//! Field handles: what a plugin sees of events. Generated from `cordon.toml` by `#[detector]`; made here.
//!
//! A handle asks the host for its column when it is first used, once per batch, and evaluates a predicate once per *distinct*
//! value. [`Field`] has one value per row, [`FieldValues`] (a path with `[]`) several.

mod many;
mod one;
#[cfg(test)]
mod tests;

pub use many::{CasedValues, FieldValues};
pub use one::{Cased, Field};

use std::rc::Rc;

use crate::Batch;
use crate::backend::{self, Look};
use crate::column::{Column, Entry};
use crate::mask::{Mask, Row};
use crate::test::Test;

/// The rows that a handle is about, ascending; shared by all handles that one `among` makes. For generated code.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Scope(Rc<[u32]>);

impl Scope {
    /// The rows of a mask.
    #[must_use]
    pub fn of(rows: &Mask) -> Self {
        Self(rows.iter().map(|row| row.0).collect())
    }

    fn rows(&self) -> &[u32] {
        &self.0
    }

    fn position(&self, row: Row) -> Option<usize> {
        self.0.binary_search(&row.0).ok()
    }
}

/// One verdict for absent, then one per dictionary entry.
fn verdicts(column: &Column, test: &mut dyn Test) -> Vec<bool> {
    let mut out = Vec::with_capacity(column.distinct() + 1);
    out.push(test.absent_holds());
    out.extend((0..column.distinct()).map(|i| column.entry(i).is_some_and(|value| test.holds(value))));
    out
}

/// Tells the host of one look, for `cordon run --explain`.
fn report(row: Row, field: &str, predicate: &str, value: Option<Entry<'_>>, held: bool) {
    let value = value.map(|value| value.text().unwrap_or("null"));
    backend::explain(&Look { row: row.0, field, predicate, value, held });
}

/// The path of a handle in this batch's source.
fn path_of(batch: &Batch<'_>, paths: &[(&str, &'static str)]) -> Option<&'static str> {
    paths.iter().find(|(source, _)| *source == batch.source()).map(|(_, path)| *path)
}
