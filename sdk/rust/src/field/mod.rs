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

use crate::Batch;
use crate::backend::{self, Look};
use crate::column::{Column, Entry};
use crate::mask::Row;
use crate::test::Test;

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
