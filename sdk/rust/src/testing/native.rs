//! A detector as native code on a batch of somebody else's: what the sandbox is measured against.
//!
//! Owns the seam only. Where the columns come from is the caller's business; nothing is checked but what the SDK checks in a
//! guest too.

use std::collections::BTreeMap;

use super::TestFinding;
use crate::backend::{self, Session};
use crate::{Detector, Failure, batch, log};

/// A dictionary-encoded column in the contract's shape (`column` in `wit/v1/types.wit`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawColumn {
    /// Per slot: dictionary index plus one; 0 where absent.
    pub rows: Vec<u32>,
    /// Per dictionary entry: the kind's number.
    pub kinds: Vec<u8>,
    /// Dictionary length plus one entries, in bytes.
    pub offsets: Vec<u32>,
    /// The dictionary's text.
    pub bytes: Vec<u8>,
}

/// A batch as the contract's resource offers it. Errors are in words, for a person.
#[allow(missing_docs, reason = "wit/v1/events.wit says what each answers")]
#[allow(clippy::missing_errors_doc, reason = "the same")]
#[allow(clippy::len_without_is_empty, reason = "never empty")]
pub trait NativeBatch {
    fn len(&self) -> u32;
    fn source(&self) -> String;
    fn times(&self) -> Vec<i64>;
    fn marks(&self) -> Vec<u8>;
    fn received(&self) -> Vec<i64>;
    fn local_minutes(&self) -> Vec<i16>;
    fn column(&self, path: &str) -> Result<RawColumn, String>;
    fn column_for(&self, path: &str, rows: &[u32]) -> Result<RawColumn, String>;
    /// Starts (rows plus one) and slots.
    fn values(&self, path: &str) -> Result<(Vec<u32>, RawColumn), String>;
    fn whole(&self, row: u32) -> Result<String, String>;
    fn reference(&self, row: u32) -> String;
}

/// Runs a detector that was configured before on a batch, under these `run` settings (a JSON object with all of them), with
/// nothing in its lists, which are named. Findings come in the order in which they were emitted.
///
/// # Errors
/// The detector's, and where a column could not be read.
pub fn detect<T: Detector>(
    detector: &T,
    batch: &dyn NativeBatch,
    run_settings: &str,
    lists: &[String],
) -> Result<Vec<TestFinding>, Failure> {
    let lists = lists.iter().map(|name| (name.clone(), BTreeMap::new())).collect();
    let (answer, session) = Session { lists, ..Session::default() }.collect(|| {
        log::restart();
        batch::detect(detector, backend::Batch(batch), run_settings)
    });
    answer.map(|()| session.findings.into_iter().map(TestFinding::from).collect())
}
