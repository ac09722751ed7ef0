//! Helpers of the whole-system tests: where the binary, the plugins and the real data are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a helper that cannot help fails the test

use std::path::{Path, PathBuf};

pub mod batches;
pub mod cli;
pub mod clock;
pub mod fuzz;
pub mod guest;
pub mod host;
pub mod hostile;
pub mod ocsf;
pub mod plain_walk;
pub mod sandboxes;
pub mod trace;

/// A file of the real data beside the checkout (`../shared/data`); where it is absent, says that the test is skipped.
///
/// # Panics
/// As [`skip`].
#[must_use]
pub fn real_data(name: &str) -> Option<PathBuf> {
    let file = cli::root().join("../shared/data").join(name);
    if !file.exists() {
        skip(&file.display().to_string());
        return None;
    }
    Some(file)
}

/// Says that a test is skipped because this machine lacks something: past the test runner's capture, so that it is seen.
///
/// # Panics
/// With `CORDON_TEST_ALL` set, as in `.ci/run`: there nothing may be missing.
#[allow(clippy::explicit_write, reason = "eprintln! is captured")]
pub fn skip(needs: &str) {
    use std::io::Write as _;
    assert!(std::env::var_os("CORDON_TEST_ALL").is_none(), "CORDON_TEST_ALL is set, and this test needs {needs}");
    writeln!(std::io::stderr(), "skipped: needs {needs}").unwrap();
}

/// Adds every event file below a folder, in the order of their names.
///
/// # Panics
/// When the folder cannot be read.
pub fn event_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            event_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
}
