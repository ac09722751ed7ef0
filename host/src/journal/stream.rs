//! One force's stream: its segments, in order. Shared by the writer, which adds, and readers.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entries::Entries;
use super::keys::Keys;
use super::recover::{self, Damage, Found};
use super::{JournalError, segment};
use crate::model::{Force, SourceName};

/// See the module. What it holds is durable.
pub(super) struct Stream {
    pub(super) force: Force,
    pub(super) folder: PathBuf,
    /// By first sequence number.
    pub(super) closed: BTreeMap<u64, Closed>,
    /// The segment that is written.
    pub(super) open: Option<Open>,
    /// Sequence number of the next event.
    pub(super) next: u64,
    pub(super) keys: Keys,
}

/// A segment that is not written any more.
#[derive(Debug, Clone)]
pub(super) struct Closed {
    pub(super) path: PathBuf,
    /// The sequence number after its last.
    pub(super) end: u64,
    /// When its latest request was received.
    pub(super) received: i64,
    pub(super) bytes: u64,
    /// Last sequence number of each source that it holds.
    pub(super) heads: Vec<(SourceName, u64)>,
    /// Whether some of its events are lost.
    pub(super) holes: bool,
}

/// The segment that is written.
pub(super) struct Open {
    pub(super) file: Arc<File>,
    pub(super) path: PathBuf,
    pub(super) entries: Entries,
    /// Bytes that are durable.
    pub(super) durable: u64,
}

pub(super) fn lock(stream: &Mutex<Stream>) -> MutexGuard<'_, Stream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stream {
    pub(super) fn new(force: &Force, folder: PathBuf) -> Self {
        Self { force: force.clone(), folder, closed: BTreeMap::new(), open: None, next: 1, keys: Keys::default() }
    }

    pub(super) fn open(force: &Force, folder: &Path, after: u64, found: &mut Vec<Found>) -> Result<Self, JournalError> {
        let mut stream = Self::new(force, folder.to_owned());
        let firsts = segment::list(folder).map_err(|error| JournalError::new(folder, error))?;
        for pair in firsts.windows(2) {
            let [first, next] = *pair else { continue };
            let path = segment::path(folder, first);
            let entries = recover::closed(force, &path, first, next, found)?;
            let bytes = std::fs::metadata(&path).map_err(|error| JournalError::new(&path, error))?.len();
            stream.closed.insert(first, Closed::of(path, &entries, bytes));
        }
        if let Some(first) = firsts.last() {
            let path = segment::path(folder, *first);
            let (file, entries, durable) = recover::last(force, &path, *first, &mut stream.keys, found)?;
            stream.next = entries.end;
            if after >= entries.end {
                // A lane was done with more than there is: the segment was whole once.
                let damage = Damage::Lost { first: entries.end, rows: after + 1 - entries.end };
                found.push(Found { force: force.clone(), segment: path.clone(), damage });
            }
            stream.open = Some(Open { file: Arc::new(file), path, entries, durable });
        }
        stream.next = stream.next.max(after + 1);
        Ok(stream)
    }

    /// Closes the open segment. One without a record is as if it were not there: the next one takes its name.
    pub(super) fn close(&mut self) -> Result<(), JournalError> {
        if let Some(open) = self.open.take().filter(|open| open.entries.end > open.entries.first) {
            let written = open.entries.write(&open.path, open.durable);
            self.closed.insert(open.entries.first, Closed::of(open.path, &open.entries, open.durable));
            written?;
        }
        Ok(())
    }

    pub(super) fn heads(&self) -> BTreeMap<SourceName, u64> {
        let mut heads = BTreeMap::new();
        for closed in self.closed.values() {
            heads.extend(closed.heads.iter().cloned());
        }
        if let Some(open) = &self.open {
            heads.extend(open.entries.heads().iter().cloned());
        }
        heads
    }

    pub(super) fn bytes(&self) -> u64 {
        self.closed.values().map(|closed| closed.bytes).sum::<u64>() + self.open.as_ref().map_or(0, |open| open.durable)
    }

    /// The first closed segment that may hold an event of a source numbered `next` or higher.
    pub(super) fn closed_from(&self, source: &SourceName, next: u64) -> Option<(u64, &Closed)> {
        let holds = |closed: &Closed| {
            let head = closed.heads.iter().find(|(name, _)| name == source);
            head.is_some_and(|(_, last)| *last >= next) || (closed.holes && closed.end > next)
        };
        self.closed.iter().find(|(_, closed)| holds(closed)).map(|(first, closed)| (*first, closed))
    }
}

impl Closed {
    fn of(path: PathBuf, entries: &Entries, bytes: u64) -> Self {
        let (heads, holes) = (entries.heads().to_vec(), !entries.holes().is_empty());
        Self { path, end: entries.end, received: entries.received, bytes, heads, holes }
    }
}
