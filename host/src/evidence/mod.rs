//! Evidence: everything that it takes to make a finding again, alone, on another machine, in two years.
//!
//! Owns the evidence file (its fields, its seal, its folder) and the re-run that compares. An [`Evidence`] is a value:
//! made from a finding and the row of its batch, apart from where it is kept. Reads no events, makes no batches of more
//! than one row (a replay of a fault has its run's), decides nothing about who may see it: a file holds whole events,
//! beyond what the plugin declared.

mod basis;
mod error;
mod folder;
mod record;
mod replay;
mod reproduce;
mod seal;
mod verdict;

pub use basis::{Basis, Terms};
pub use error::EvidenceError;
pub use folder::{Folder, Kept, components_of, files};
pub use record::{CapsRecord, CitedRecord, EngineRecord, EventRecord, Evidence, PluginRecord};
pub use replay::{FaultRecord, Replay};
pub use reproduce::{Instead, Reproducer};
pub use seal::{EVIDENCE_BYTES, VERSION};
pub use verdict::{Difference, Report};
