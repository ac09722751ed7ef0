//! Plugins that change while events flow, through the real binary: loaded, deployed, swapped, stopped and rolled back, under load
//! and under `kill -9`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod authors;
mod backfill;
mod configured;
mod hunts;
mod kills;
mod refused;
mod shadow;
mod stop;
mod support;
mod swaps;
