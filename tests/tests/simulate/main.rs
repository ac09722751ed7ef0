//! Simulated traffic and the demo: the same seed gives the same bytes, it looks as the real logs do, what is planted is
//! found and nothing else, and the demo leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod demo;
mod files;
mod found;
mod post;
mod shape;

use std::path::Path;
use std::sync::LazyLock;

use cordon::model::Force;
use cordon::simulate::{STORIES, Settings, Traffic};
use cordon_tests::cli::{Cordon, at};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// The national plugins, built once: in a folder of their own, since other tests put other plugins beside theirs.
pub(crate) static PLUGINS: LazyLock<String> = LazyLock::new(|| {
    let out = format!("{}/simulate-plugins", env!("CARGO_TARGET_TMPDIR"));
    let _ = Cordon::new(BINARY, Path::new(&at("."))).run(&["build", "plugins", "--out", &out]).ends(0);
    out
});

/// Monday 2026-01-05, midnight in London.
pub(crate) const START: i64 = 1_767_571_200_000_000;
pub(crate) const DAY: i64 = 86_400_000_000;

/// A week of one force with every attack.
pub(crate) fn week(rate: f64) -> Traffic {
    let settings =
        Settings { seed: 7, start: START, duration: 7 * DAY, rate, stories: STORIES.to_vec(), ..Settings::default() };
    Traffic::new(&settings, Force::new("avon").unwrap(), jiff::tz::TimeZone::get("Europe/London").unwrap()).unwrap()
}
