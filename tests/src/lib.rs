//! Helpers of the whole-system tests: where the binary, the plugins and the real data are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a helper that cannot help fails the test

pub mod batches;
pub mod cli;
pub mod guest;
pub mod sandboxes;
