//! Results: what lanes leave in the store, committed together: cursors, findings, skips, faults, counts, what they
//! remember, and which rest.
//!
//! Owns the keys and forms of these keyspaces. Decides nothing and runs nothing.

pub mod apart;
mod backfill;
mod changes;
mod cited;
mod cursors;
mod exercised;
mod faults;
mod findings;
pub mod ledger;
mod released;
mod remembered;
mod resting;
mod skips;

pub use backfill::{back_fill, back_filled};
pub use changes::{Change, changed, changes, ran_last};
pub use cited::{CitedEvent, SHOWN as CITED_SHOWN, cited, keep_cited};
pub use cursors::{LaneSource, cursor, cursors, deployed, passed, was_deployed};
pub use exercised::{Outcome, Ran, exercised, exercises, ran};
pub use faults::{FAULT_KINDS, FAULT_LOG_BYTES, FAULT_REASON_BYTES, Fault, Faults, faults, record};
pub use findings::{Kept, Page, finding, findings_of, has_finding, is_known, needed, page, save};
pub use released::{Released, release, released};
pub use remembered::{Inherit, Inherits, LaneMemory, Place, Places, drop_places, places, set_places};
pub use resting::{Resting, pass, rest, resting, wake};
pub use skips::{Skip, skip, skips};

pub use crate::findings::{Lane, id_of as finding_id_of};
use crate::model::Force;

/// Keys of one force begin so. No name holds a zero byte, so no force's keys begin another's.
fn of_force(force: &Force) -> Vec<u8> {
    [force.as_str().as_bytes(), &[0]].concat()
}
