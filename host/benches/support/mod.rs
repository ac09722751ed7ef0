//! What the benches share: how they measure, on which events, with which plugins.
#![allow(dead_code, reason = "each bench uses a part of it")]
#![allow(missing_docs, unreachable_pub, reason = "seen by the benches only")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench that cannot go on ends")]

pub mod cpu;
pub mod events;
pub mod memory;
pub mod native;
pub mod plugins;
pub mod sigma;
pub mod whole;
