//! For a plugin whose fields and rules are data, such as an engine that is given rules as `load` settings: columns by path, and
//! findings of rules that no macro knows. An author who writes the detection in Rust wants `#[detector]` and never this.
//!
//! Such a plugin implements [`crate::Detector`] itself. What it asks for must still be declared in its manifest.

use crate::{Batch, Failure, Feed, Finding, Row, list, mask};

/// A field of the events as the host hands it over.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    /// Per row (or row asked for, or slot): 0 where absent, or index into the dictionary plus one.
    pub slots: Vec<u32>,
    /// Per dictionary entry: 0 null, 1 false, 2 true, 3 number, 4 string, 5 array, 6 object.
    pub kinds: Vec<u8>,
    /// Entry i is `text[offsets[i]..offsets[i + 1]]`.
    pub offsets: Vec<u32>,
    /// The dictionary, end to end.
    pub text: String,
}

/// The field at a path, for every row.
///
/// # Errors
/// What the host says: not declared, or no path.
pub fn column(batch: &Batch<'_>, path: &str) -> Result<Column, Failure> {
    batch.raw().column(path).map(crate::column::Column::into_parts).map_err(Failure::other)
}

/// The same for chosen rows, ascending; answer i is for `rows[i]`.
///
/// # Errors
/// The same, or rows that the batch does not have.
pub fn column_for(batch: &Batch<'_>, path: &str, rows: &[u32]) -> Result<Column, Failure> {
    batch.raw().column_for(path, rows).map(crate::column::Column::into_parts).map_err(Failure::other)
}

/// A field with several values a row: the slots of row i are `starts[i]..starts[i + 1]`.
///
/// # Errors
/// The same.
pub fn values(batch: &Batch<'_>, path: &str) -> Result<(Vec<u32>, Column), Failure> {
    batch.raw().values(path).map(crate::column::Multi::into_parts).map_err(Failure::other)
}

/// A row by its number; none where the batch has no such row.
#[must_use]
pub fn row(batch: &Batch<'_>, number: u32) -> Option<Row> {
    ((number as usize) < batch.len()).then_some(mask::Row(number))
}

/// Which of some texts a list has that the manifest declares, by its name. A text that is too long for a key is in none.
///
/// # Errors
/// What the host says: the list is not declared.
pub fn listed(list: &str, texts: &[&str]) -> Result<Vec<bool>, Failure> {
    list::listed(list, texts)
}

/// A finding of a rule that the manifest declares, to be filled and emitted.
pub fn finding(rule: &str, title: &str, row: Row) -> Finding {
    Finding::named(rule.to_owned(), title, row)
}

/// What one batch feeds to a window that the manifest declares, by its name.
#[must_use]
pub fn window(batch: &Batch<'_>, name: &str) -> Feed {
    Feed::new(batch, name)
}
