//! What plugins remember, in the production sandbox, from the command line and on the live host.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod calls;
mod evidence;
mod lists;
mod live;
mod migrate;
mod partitions;
mod support;
