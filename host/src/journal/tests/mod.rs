//! On real files. Each file tests one promise of the journal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod crash;
mod damage;
mod limits;
mod model;
mod retention;

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::ids::Digest;

fn force(name: &str) -> Force {
    Force::new(name).unwrap()
}

fn source(name: &str) -> SourceName {
    SourceName::new(name).unwrap()
}

fn part(name: &str, events: &[impl AsRef<str>]) -> Part {
    Part::pack(&source(name), events.iter().map(|event| event.as_ref().as_bytes())).unwrap().unwrap()
}

fn request(received: i64, parts: Vec<Part>) -> Request {
    Request { key: Digest([0; 32]), received, parts }
}

fn options(folder: &Path) -> JournalOptions {
    JournalOptions { disk_floor: 0, ..JournalOptions::new(folder) }
}

fn open(folder: &Path) -> (Journal, Vec<Found>) {
    Journal::open(options(folder), &BTreeMap::new()).unwrap()
}

/// Events with their sequence numbers, and what was lost as (first, rows).
type Read = (Vec<(u64, String)>, Vec<(u64, u64)>);

/// Everything of one source.
fn read_all(journal: &Journal, force: &Force, name: &str) -> Read {
    read_from(&mut journal.reader(force, &source(name), 0), 3, 64)
}

fn read_from(reader: &mut Reader, rows: usize, bytes: usize) -> Read {
    let (mut events, mut lost) = (Vec::new(), Vec::new());
    while let Some(piece) = reader.next(rows, bytes).unwrap() {
        match piece {
            Piece::Rows(rows) => {
                events.extend(rows.iter().map(|(at, text)| (at, String::from_utf8(text.to_vec()).unwrap())));
            }
            Piece::Lost { first, rows } => lost.push((first, rows)),
        }
    }
    (events, lost)
}

/// A folder in memory, where there is one: for tests with thousands of syncs whose promise is not the disk's.
fn quick_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The only segment of a force.
fn segment_of(folder: &Path, force: &str) -> PathBuf {
    segment::path(&folder.join(force), 1)
}
