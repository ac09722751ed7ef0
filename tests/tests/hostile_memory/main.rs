//! The host's memory beside hostile plugins, in a process of its own and one test at a time: what is looked at is the process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod amplification;
mod rounds;

use std::sync::{Mutex, MutexGuard, PoisonError};

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

static ALONE: Mutex<()> = Mutex::new(());

/// No other test of this process runs as long as the answer lives.
fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This process's resident memory, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
