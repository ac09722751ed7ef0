//! Events from files to columns, with the real thing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod batches;
mod formats;
mod indexes;
mod real_data;
mod recognition;

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use cordon_contract::path::Path;

use super::*;
use crate::model::{Force, SourceName};

/// 2026-01-01.
const RECEIVED: i64 = 1_767_225_600_000_000;

fn options() -> BatcherOptions {
    BatcherOptions {
        force: Force::new("testforce").unwrap(),
        source: None,
        time_field: None,
        zone: jiff::tz::TimeZone::UTC,
        rows: 4096,
    }
}

fn forced(source: &str) -> BatcherOptions {
    BatcherOptions { source: Some(SourceName::new(source).unwrap()), ..options() }
}

fn raw(json: impl Into<Vec<u8>>, line: u64) -> RawEvent {
    RawEvent { bytes: json.into(), origin: EventOrigin { file: Arc::from("test"), line, unit: "line" } }
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

/// Everything of an input: batches, refusals, and the error that ended it.
fn take_in(options: BatcherOptions, input: &Input) -> (Vec<Batch>, Vec<Refusal>, Option<ReadError>) {
    let (mut batches, mut refusals) = (Vec::new(), Vec::new());
    let mut batcher = Batcher::new(options);
    let mut reader = match EventReader::open(input) {
        Ok(reader) => reader,
        Err(error) => return (batches, refusals, Some(error)),
    };
    let mut ended = None;
    loop {
        match reader.next() {
            Ok(None) => break,
            Ok(Some(Ok(event))) => match batcher.push(event, RECEIVED) {
                Ok(batch) => batches.extend(batch),
                Err(refusal) => refusals.push(refusal),
            },
            Ok(Some(Err(refusal))) => refusals.push(refusal),
            Err(error) => ended = Some(error),
        }
    }
    batches.extend(batcher.finish());
    (batches, refusals, ended)
}

/// A file with that content, for as long as the folder lives.
fn file(folder: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> Input {
    let file = folder.path().join(name);
    std::fs::write(&file, content).unwrap();
    Input::File(file)
}

fn events(batches: &[Batch]) -> Vec<String> {
    batches.iter().flat_map(|batch| (0..batch.len()).map(|row| batch.event(row).unwrap().to_owned())).collect()
}

/// Text of a path in every row.
fn texts(batch: &Batch, at: &str) -> Vec<Option<String>> {
    let column = batch.column(&path(at)).unwrap();
    (0..batch.len()).map(|row| column.value(row).map(|(_, text)| text.to_owned())).collect()
}

#[allow(clippy::explicit_write, reason = "eprintln! is captured")]
fn shared_data(name: &str) -> Option<PathBuf> {
    let file = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if !file.exists() {
        use std::io::Write as _;
        assert!(
            std::env::var_os("CORDON_TEST_ALL").is_none(),
            "CORDON_TEST_ALL is set, and {} is absent",
            file.display()
        );
        // Past the test runner's capture, so that it is seen.
        writeln!(std::io::stderr(), "skipped: needs {}", file.display()).unwrap();
        return None;
    }
    Some(file)
}
