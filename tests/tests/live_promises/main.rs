//! The live host's promises, through the real binary: what a kill, a bad disk, a clock, a crowd or another force may not do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clock;
mod crowd;
mod damage;
mod disk;
mod fairness;
mod isolation;
mod kills;
mod support;
