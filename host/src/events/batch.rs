//! A batch: consecutive events of one force and one source, parsed once, its columns built on demand and shared.

use std::sync::Arc;

use cordon_contract::path::Path;

use super::{Column, Multi};
use crate::ids::Digest;
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

/// See the module. Cheap to share: put it in an `Arc`.
#[derive(Debug)]
pub struct Batch {}

#[allow(missing_docs, clippy::todo, unused_variables)]
impl Batch {
    pub fn force(&self) -> &Force {
        todo!()
    }
    pub fn source(&self) -> &SourceName {
        todo!()
    }
    /// Number of rows.
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Bytes of all events.
    pub fn bytes(&self) -> usize {
        todo!()
    }
    /// Event times, microseconds since 1970 UTC.
    pub fn times(&self) -> &[i64] {
        todo!()
    }
    /// Bit 0: no time of its own; bit 1: late by more than an hour.
    pub fn marks(&self) -> &[u8] {
        todo!()
    }
    pub fn received(&self) -> &[i64] {
        todo!()
    }
    pub fn local_minutes(&self) -> &[i16] {
        todo!()
    }
    /// Sequence number of a row in its force's stream (for `run`: counted from 1 over the accepted events of the input).
    pub fn sequence(&self, row: usize) -> u64 {
        todo!()
    }
    pub fn origin(&self, row: usize) -> Option<&EventOrigin> {
        todo!()
    }
    /// The event exactly as received (UTF-8 JSON).
    pub fn event(&self, row: usize) -> Option<&str> {
        todo!()
    }
    /// Identity of the event: SHA-256 of (source, exact bytes), computed when asked.
    pub fn identity(&self, row: usize) -> Option<Digest> {
        todo!()
    }
    /// A path without `[]`, for all rows. Built once, then shared.
    ///
    /// # Errors
    /// `ManyValues` for a path with `[]`.
    pub fn column(&self, path: &Path) -> Result<Arc<Column>, AccessError> {
        todo!()
    }
    /// The same for strictly ascending rows.
    ///
    /// # Errors
    /// `BadRows`, `ManyValues`.
    pub fn column_for(&self, path: &Path, rows: &[u32]) -> Result<Column, AccessError> {
        todo!()
    }
    /// Any path, one slot per array element.
    pub fn values(&self, path: &Path) -> Arc<Multi> {
        todo!()
    }
    /// A batch of the chosen rows only (ascending), as if they had been received alone: same identities, times, origins
    /// and sequence numbers. For splits in tests, `--explain`, and reproduction.
    pub fn select(&self, rows: std::ops::Range<usize>) -> Batch {
        todo!()
    }
}
