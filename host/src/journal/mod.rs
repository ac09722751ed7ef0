//! The journal: what was accepted, durable before it is acknowledged, readable by source.
//!
//! Owns `JOURNAL/FORCE/*.segment`: append-only files of records. One record is one request: all of its events with their
//! exact bytes, or none. One writer thread appends and syncs; several requests share one `fdatasync`. Every event has a
//! sequence number in its force's stream, and is read by source, so that a flood of one source does not block another.
//! What was torn by a crash is cut off at start, kept beside the segment and reported; a record that was damaged later is
//! found by its digest and passed.
//!
//! Knows no plugin, no cursor and no format of events. Takes no lock on its folder: the store's lock is the host's. Does not encrypt: that is the volume's job.

mod entries;
mod keys;
mod reader;
mod record;
mod recover;
mod retain;
mod segment;
mod stream;
mod sync;
mod tally;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

pub use reader::{Piece, Reader, Rows};
pub use record::{Part, RECORD_BYTES, Request};
pub use recover::{Damage, Found};
pub use retain::Dropped;
pub use tally::{Counted, Tally};

use crate::ids::Digest;
use crate::model::{Force, SourceName};
use stream::Stream;
use writer::{Job, Writer};

/// How the journal is kept.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// Its folder; made when absent.
    pub folder: PathBuf,
    /// Bytes after which a segment is closed and the next one begun.
    pub segment_bytes: u64,
    /// Bytes that must stay free on the disk; below it nothing more is taken.
    pub disk_floor: u64,
    /// Requests that may wait for the writer; one more is answered [`AppendError::Full`].
    pub queue: usize,
}

impl JournalOptions {
    /// The defaults for a folder: segments of 64 MiB, 1 GiB of disk kept free, 256 requests waiting.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), segment_bytes: 64 << 20, disk_floor: 1 << 30, queue: 256 }
    }
}

/// Where a request lies: its events' sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Sequence number of its first event.
    pub first: u64,
    /// Events of it.
    pub rows: u64,
    /// A request with this key was there already: nothing was written.
    pub repeated: bool,
}

impl Appended {
    fn of(header: &record::Header) -> Self {
        Self { first: header.first, rows: header.rows(), repeated: false }
    }
}

/// Why a request was not taken. Nothing of it is in the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Of the moment: try again.
    #[error("{waiting} requests wait for the disk (`journal queue`): send again later")]
    Full {
        /// The limit that was hit.
        waiting: usize,
    },
    /// The operator's to solve.
    #[error("the disk of {} has {free} bytes left, and {floor} must stay free (`disk floor`): free some space", folder.display())]
    DiskFloor {
        /// The journal's folder.
        folder: PathBuf,
        /// Bytes left.
        free: u64,
        /// Bytes that must stay.
        floor: u64,
    },
    /// The disk's.
    #[error("{}: {reason}", file.display())]
    Disk {
        /// What could not be written.
        file: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The caller's: no event, or more than a record may hold.
    #[error("{0}")]
    Request(String),
    /// The host is stopping.
    #[error("the host is stopping: send again to the next one")]
    Stopped,
}

/// Why the journal cannot be opened or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct JournalError {
    /// The file or folder.
    pub file: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl JournalError {
    fn new(file: &Path, error: impl std::fmt::Display) -> Self {
        Self { file: file.to_owned(), reason: error.to_string() }
    }
}

/// See the module. Dropping it ends the writer after what is queued.
pub struct Journal {
    shared: Arc<Shared>,
    to_writer: Option<Sender<Job>>,
    news: Receiver<()>,
    writer: Option<JoinHandle<()>>,
}

/// What writer and readers share.
struct Shared {
    options: JournalOptions,
    streams: RwLock<BTreeMap<Force, Arc<Mutex<Stream>>>>,
    synced: OnceLock<Synced>,
}

/// Told how long each sync took.
type Synced = Box<dyn Fn(std::time::Duration) + Send + Sync>;

impl Shared {
    fn stream(&self, force: &Force) -> Option<Arc<Mutex<Stream>>> {
        self.streams.read().unwrap_or_else(PoisonError::into_inner).get(force).cloned()
    }

    /// Whether so many bytes more leave the disk its floor.
    fn room(&self, bytes: u64) -> Result<(), AppendError> {
        let (folder, floor) = (&self.options.folder, self.options.disk_floor);
        let disk = |error: std::io::Error| AppendError::Disk { file: folder.clone(), reason: error.to_string() };
        let about = rustix::fs::statvfs(folder).map_err(|error| disk(error.into()))?;
        let free = about.f_bavail.saturating_mul(about.f_frsize);
        if free.saturating_sub(bytes) < floor {
            return Err(AppendError::DiskFloor { folder: folder.clone(), free, floor });
        }
        Ok(())
    }

    fn stream_or_new(&self, force: &Force) -> Arc<Mutex<Stream>> {
        if let Some(stream) = self.stream(force) {
            return stream;
        }
        let folder = self.options.folder.join(force.as_str());
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(streams.entry(force.clone()).or_insert_with(|| Arc::new(Mutex::new(Stream::new(force, folder)))))
    }
}

impl Journal {
    /// Opens the journal, looks at the end of each force's last segment, and starts the writer. `after` names, for forces
    /// that have one, the highest sequence number that was ever given out (their furthest cursor): no event gets a number
    /// twice, even when the journal's end was lost.
    ///
    /// # Errors
    /// When a folder or file cannot be read or written. Damage is no error: it is in what was found.
    pub fn open(options: JournalOptions, after: &BTreeMap<Force, u64>) -> Result<(Self, Vec<Found>), JournalError> {
        let made = std::fs::create_dir_all(&options.folder).and_then(|()| match options.folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => std::fs::File::open(parent)?.sync_all(),
            _ => Ok(()),
        });
        made.map_err(|error| JournalError::new(&options.folder, error))?;
        let mut streams = BTreeMap::new();
        let mut found = Vec::new();
        let listing = std::fs::read_dir(&options.folder).map_err(|error| JournalError::new(&options.folder, error))?;
        for entry in listing {
            let folder = entry.map_err(|error| JournalError::new(&options.folder, error))?.path();
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Ok(force) = Force::new(name) else { continue };
            let stream = Stream::open(&force, &folder, after.get(&force).copied().unwrap_or(0), &mut found)?;
            streams.insert(force, Arc::new(Mutex::new(stream)));
        }
        let queue = options.queue.max(1);
        let shared = Arc::new(Shared { options, streams: RwLock::new(streams), synced: OnceLock::new() });
        let (to_writer, jobs) = bounded(queue);
        let (tell, news) = bounded(1);
        let writer = Writer::new(Arc::clone(&shared), jobs, tell);
        let writer = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer.run())
            .map_err(|error| JournalError::new(Path::new("journal thread"), error))?;
        Ok((Self { shared, to_writer: Some(to_writer), news, writer: Some(writer) }, found))
    }

    /// Hands a request to the writer; `answer` is called on the writer's thread once the request is durable, or refused.
    ///
    /// # Errors
    /// [`AppendError::Full`] and [`AppendError::Stopped`], at once; `answer` is then not called.
    pub fn submit(
        &self,
        force: &Force,
        request: Request,
        answer: impl FnOnce(Result<Appended, AppendError>) + Send + 'static,
    ) -> Result<(), AppendError> {
        let Some(to_writer) = &self.to_writer else { return Err(AppendError::Stopped) };
        let job = Job { stream: self.shared.stream_or_new(force), request, answer: Box::new(answer) };
        to_writer.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => AppendError::Full { waiting: self.shared.options.queue },
            TrySendError::Disconnected(_) => AppendError::Stopped,
        })
    }

    /// Appends a request and waits until it is durable.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub fn append(&self, force: &Force, request: Request) -> Result<Appended, AppendError> {
        let (to, answer) = bounded(1);
        self.submit(force, request, move |result| {
            let _ = to.send(result);
        })?;
        answer.recv().unwrap_or(Err(AppendError::Stopped))
    }

    /// Where the request with this key lies, when it is durable and its key is still remembered.
    #[must_use]
    pub fn known(&self, force: &Force, key: Digest) -> Option<Appended> {
        self.shared.stream(force).and_then(|stream| stream::lock(&stream).keys.get(key))
    }

    /// Gets a message whenever something new is durable; one stands for all since the last. For one listener.
    #[must_use]
    pub fn news(&self) -> Receiver<()> {
        self.news.clone()
    }

    /// For each force and source the sequence number of its last durable event.
    #[must_use]
    pub fn heads(&self) -> BTreeMap<Force, BTreeMap<SourceName, u64>> {
        let streams = self.shared.streams.read().unwrap_or_else(PoisonError::into_inner);
        let head = |stream: &Arc<Mutex<Stream>>| stream::lock(stream).heads();
        streams.iter().map(|(force, stream)| (force.clone(), head(stream))).collect()
    }

    /// Reads one source of a force, beginning after a sequence number. Sees what is durable, also what becomes so later.
    #[must_use]
    pub fn reader(&self, force: &Force, source: &SourceName, after: u64) -> Reader {
        Reader::new(self.shared.stream_or_new(force), source.clone(), after)
    }

    /// The sequence number before the first event of a force that was accepted at `time` (microseconds since 1970 UTC) or later.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn before(&self, force: &Force, time: i64) -> Result<u64, JournalError> {
        self.shared.stream(force).map_or(Ok(0), |stream| tally::before(&stream, time))
    }

    /// Counts what a force sent behind sequence number `after`, at most `limit` parts of requests at a time; none when there is
    /// nothing more that is durable.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn count(&self, force: &Force, after: u64, limit: usize) -> Result<Option<Tally>, JournalError> {
        self.shared.stream(force).map_or(Ok(None), |stream| tally::tally(&stream, after, limit))
    }

    /// Has someone told, from now on, how long each sync takes. The first who asks for it.
    pub fn tell_syncs(&self, synced: impl Fn(std::time::Duration) + Send + Sync + 'static) {
        let _ = self.shared.synced.set(Box::new(synced));
    }

    /// Requests that wait for the writer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.to_writer.as_ref().map_or(0, Sender::len)
    }

    /// Files of all forces.
    #[must_use]
    pub fn segments(&self) -> u64 {
        let streams = self.shared.streams.read().unwrap_or_else(PoisonError::into_inner);
        let of = |stream: &Stream| stream.closed.len() as u64 + u64::from(stream.open.is_some());
        streams.values().map(|stream| of(&stream::lock(stream))).sum()
    }

    /// Bytes of all segments.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let streams = self.shared.streams.read().unwrap_or_else(PoisonError::into_inner);
        streams.values().map(|stream| stream::lock(stream).bytes()).sum()
    }

    /// Drops the closed segments of a force all of whose requests were received before `received`, in microseconds since
    /// 1970 UTC, oldest first; stops at the first that holds an event beyond what `passed` answers for its source: the
    /// last sequence number that nobody needs any more. `record` is called before each goes; where it answers false, that one
    /// stays, and all behind it.
    ///
    /// # Errors
    /// When a file cannot be read or removed.
    pub fn retain(
        &self,
        force: &Force,
        received: i64,
        passed: impl Fn(&SourceName) -> u64,
        record: impl FnMut(&Dropped) -> bool,
    ) -> Result<(), JournalError> {
        match self.shared.stream(force) {
            None => Ok(()),
            Some(stream) => retain::retain(&stream, received, passed, record),
        }
    }
}

impl Journal {
    /// What [`Journal::retain`] would drop of a force: how many segments, and their bytes.
    #[must_use]
    pub fn due(&self, force: &Force, received: i64, passed: impl Fn(&SourceName) -> u64) -> (u64, u64) {
        self.shared.stream(force).map_or((0, 0), |stream| retain::due(&stream, received, passed))
    }

    /// Whether the disk has room for more.
    ///
    /// # Errors
    /// [`AppendError::DiskFloor`], or `Disk` when that cannot be told.
    pub fn room(&self) -> Result<(), AppendError> {
        self.shared.room(0)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.to_writer = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
