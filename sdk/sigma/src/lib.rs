//! Sigma rules: read from YAML, compiled for columns, matched a batch at a time.
//!
//! ```text
//! YAML ──► rule::read ──► Pack (JSON) ──► engine::Engine ──► (rule, row) pairs
//!          on the author's machine         in the sandbox
//! ```
//! Owns the meaning of Sigma (specification 2.1: detection rules, filters, correlations). Knows no host, no plugin and no Wasm: rows come
//! through [`engine::Events`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(feature = "read")]
pub mod build;
#[cfg(feature = "read")]
mod correlated;
pub mod engine;
pub mod explain;
#[cfg(feature = "read")]
pub mod logsource;
#[cfg(feature = "read")]
pub mod manifest;
pub mod pack;
pub mod pattern;
#[cfg(feature = "read")]
pub mod rule;
#[cfg(feature = "read")]
pub mod sample;
pub mod test;
pub mod when;
#[cfg(feature = "read")]
mod yaml;
