//! Cordon's host: sandboxed Wasm detections over batches of security events.
//!
//! The flow and the allowed edges between stages are in `ARCHITECTURE.md` beside this crate's manifest.

pub mod alerts;
pub mod api;
pub mod attack;
pub mod audit;
pub mod author;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod deployments;
pub mod events;
pub mod evidence;
pub mod findings;
pub mod health;
pub mod holds;
pub mod identity;
pub mod ids;
pub mod intake;
pub mod journal;
pub mod lists;
pub mod model;
pub mod near;
pub mod published;
pub mod registry;
pub mod results;
pub mod sandbox;
pub mod scheduler;
pub mod simulate;
pub mod soak;
pub mod store;
pub mod telemetry;
pub mod wiring;
