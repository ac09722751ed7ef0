//! Cordon's host: sandboxed Wasm detections over batches of security events.
//!
//! The flow and the allowed edges between stages are in `ARCHITECTURE.md` beside this crate's manifest.

pub mod author;
pub mod cli;
pub mod clock;
pub mod events;
pub mod evidence;
pub mod findings;
pub mod ids;
pub mod journal;
pub mod model;
pub mod registry;
pub mod sandbox;
pub mod soak;
pub mod telemetry;
pub mod store;
pub mod wiring;
