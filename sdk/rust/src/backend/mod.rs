//! Where the batch comes from and where findings and log go: the host in a guest, memory in a native test.
//!
//! The one place that knows which. Both sides offer the same names: `Batch` with the contract's functions, and `emit`, `log`,
//! `explaining`, `explain`, and those of state, windows and lists.

#[cfg(not(target_arch = "wasm32"))]
mod memory;
#[cfg(target_arch = "wasm32")]
pub(crate) mod wasm;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use memory::{Batch, Session, contributors, delete, emit, explain, explaining, feed, get, log, lookup, set};
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::{Batch, contributors, delete, emit, explain, explaining, feed, get, log, lookup, set};

/// One look at one value, as `log.explain` takes it.
pub(crate) struct Look<'t> {
    pub(crate) row: u32,
    pub(crate) field: &'t str,
    pub(crate) predicate: &'t str,
    pub(crate) value: Option<&'t str>,
    pub(crate) held: bool,
}

/// One look at a window, as `windows.feed` takes it.
pub(crate) struct Fed<'t> {
    pub(crate) row: u32,
    pub(crate) key: &'t str,
    pub(crate) member: &'t str,
    pub(crate) add: bool,
}

/// What it answers.
pub(crate) struct Answer {
    pub(crate) value: u32,
    pub(crate) capped: bool,
    pub(crate) first_time: bool,
}

/// A finding in the contract's shape, within its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Emission {
    pub(crate) row: u32,
    pub(crate) rule: String,
    pub(crate) severity: Option<String>,
    pub(crate) confidence: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) summary: String,
    pub(crate) entities: Vec<(String, String)>,
    pub(crate) context: Vec<(String, String)>,
    pub(crate) cited: Vec<String>,
    pub(crate) key: String,
}
