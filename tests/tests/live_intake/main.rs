//! What intake promises, through the real binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod duplicates;
mod files;
mod limits;
mod protocols;
mod refused;
mod support;
