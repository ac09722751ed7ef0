//! Results: what lanes leave in the store, committed together: cursors, findings, skips, counts.
//!
//! Owns the keys and forms of these keyspaces. Decides nothing and runs nothing.

mod cursors;
mod findings;
pub mod ledger;
mod skips;

pub use cursors::{LaneSource, begin, cursors, passed};
pub use findings::{Page, findings_of, page, save};
pub use skips::{Skip, skip, skips};

use crate::model::Force;

/// Keys of one force begin so. No name holds a zero byte, so no force's keys begin another's.
fn of_force(force: &Force) -> Vec<u8> {
    [force.as_str().as_bytes(), &[0]].concat()
}
