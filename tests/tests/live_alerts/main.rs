//! From events to alerts that people get and work, through the real binary and real receivers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod acknowledged;
mod browser;
mod channels;
mod delivered;
mod excepted;
mod exercised;
mod faulty;
mod late;
mod mailed;
mod receiver;
mod routed;
mod sigma;
mod storied;
mod support;
mod worked;
