//! Findings: stamped with who, what and where, with the evidence that the plugin was allowed to see, and written out.
//!
//! Owns the finding's id and its wire forms (NDJSON, OCSF). Never calls a plugin and reads no clock.

mod compare;
pub(crate) mod declared;
mod lane;
pub(crate) mod ocsf;
mod stamp;
mod table;
pub mod text;

pub use compare::{FieldDifference, differences};
pub use lane::{Lane, NoLane};
pub use ocsf::to_ocsf;
pub(crate) use stamp::event;
pub use stamp::{EventRef, Finding, PluginRef, Stamping, finding_id, id as id_of, rfc3339, stamp};
pub use table::to_block;
