//! The store: what is small and must be exact, in sled; what is large, in files named by digest.
//!
//! Owns the data folder's lock, `STORE/sled` and `STORE/files`. Keyspaces are key prefixes of one tree. One thread commits:
//! it gathers the effects that wait into one atomic batch, flushes, truly syncs, then answers. Readers see only what is
//! durable. No other module names sled.
//!
//! Sled 0.34 alone is not durable on Linux: its `flush` calls `sync_file_range` on its log, which neither commits the
//! file's size nor empties the disk's cache, and whatever is larger than a quarter of its segments becomes a file that is
//! never synced. Whole tree nodes count there, and a node holds up to 16 entries and what a merge adds: so values are at
//! most [`VALUE_BYTES`], segments are 16 MiB, no such file is ever made, and the log is synced after each `flush`.
//!
//! Knows no word of what it keeps.

mod commit;
mod commits;
mod effects;
mod files;
mod lock;
mod shown;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};

use crate::ids::Digest;
use commit::{Commit, Committer, Common};
use commits::Commits;
pub use effects::{Effects, Space};
use shown::Shown;

/// Bytes of a value at most.
pub const VALUE_BYTES: usize = 100 << 10;
/// Bytes of a key at most, its keyspace included.
pub const KEY_BYTES: usize = 1 << 10;
/// Effects that may wait for the commit thread.
const QUEUE: usize = 1_024;
/// Bytes of one of sled's segments; a quarter of it is what one node may hold.
const SEGMENT_BYTES: usize = 16 << 20;
/// Entries of one of sled's nodes at most: 16 before it splits, 3 that a merge may add, one that is being written.
const NODE_ENTRIES: usize = 20;
const _: () = assert!(NODE_ENTRIES * (VALUE_BYTES + KEY_BYTES + 64) < SEGMENT_BYTES / 4);
/// Bytes that sled may keep in memory.
const CACHE_BYTES: u64 = 32 << 20;

/// Why the store does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The operator's to solve.
    #[error("the data folder {} is in use by {holder}: ask that host with `cordon status`, or stop it first", folder.display())]
    Locked {
        /// The data folder.
        folder: PathBuf,
        /// The process that holds it.
        holder: String,
    },
    /// The disk's.
    #[error("{}: {reason}", file.display())]
    Disk {
        /// What could not be read or written.
        file: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The operator's to solve: sled recovered less than was durable.
    #[error("{}: it is damaged or cut off: it holds {held} commits, and {known} were durable. Restore the folder `store` \
             from a backup. To go on with what it holds, delete {}: findings since then are made again, what was done to \
             forces, tokens and the audit since then is lost", log.display(), beside.display())]
    CutOff {
        /// Sled's log.
        log: PathBuf,
        /// The last commit that it holds.
        held: u64,
        /// A commit that was durable.
        known: u64,
        /// The file that says so.
        beside: PathBuf,
    },
    /// The caller's: over a limit.
    #[error("{0}")]
    TooLarge(String),
    /// Of the moment: what was expected of a key no longer holds. Nothing was changed.
    #[error("somebody else changed it meanwhile: look again")]
    Conflict,
    /// A write failed before; what the disk holds is known only after a restart.
    #[error("the store stopped after a failed write ({0}): restart the host once the disk is in order")]
    Broken(String),
}

impl StoreError {
    fn disk(file: &Path, error: impl std::fmt::Display) -> Self {
        Self::Disk { file: file.to_owned(), reason: error.to_string() }
    }
}

/// See the module. Dropping it ends the commit thread after what is queued.
pub struct Store {
    folder: PathBuf,
    common: Common,
    to_thread: Option<Sender<Commit>>,
    thread: Option<JoinHandle<()>>,
    _lock: lock::Lock,
}

/// A key (without its keyspace) and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

impl Store {
    /// Opens the store of a data folder, made where absent, and locks the folder for this process.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another process holds it; `Disk` when it cannot be read or written.
    pub fn open(data: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(data).map_err(|error| StoreError::disk(data, error))?;
        let lock = lock::take(data)?;
        let folder = data.join("store");
        let inside = folder.join("sled");
        std::fs::create_dir_all(folder.join("files")).map_err(|error| StoreError::disk(&folder, error))?;
        let config = sled::Config::new().path(&inside).segment_size(SEGMENT_BYTES).cache_capacity(CACHE_BYTES);
        // That nobody else has the folder is known by now.
        let is_childs = |error: &sled::Error| error.to_string().contains("could not acquire lock");
        let db = lock::until_released(|| config.open(), is_childs).map_err(|error| StoreError::disk(&inside, error))?;
        let log = synced(&folder, &inside).map_err(|error| StoreError::disk(&inside, error))?;
        let commits_made = Commits::open(&folder, &inside.join("db"), &db)?;
        let shown = Arc::new(Shown::new(db.clone()));
        let common = Common { shown, synced: Arc::default(), broken: Arc::default() };
        let (to_thread, commits) = bounded(QUEUE);
        let committer = Committer::new(db, log, inside.clone(), commits_made, commits, common.clone());
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || committer.run())
            .map_err(|error| StoreError::disk(&inside, error))?;
        Ok(Self { folder, common, to_thread: Some(to_thread), thread: Some(thread), _lock: lock })
    }

    /// The write that failed, where one did: nothing is committed any more until a restart.
    #[must_use]
    pub fn broken(&self) -> Option<StoreError> {
        self.common.broken.get().cloned()
    }

    /// Has someone told, from now on, how long each write and sync takes. The first who asks for it.
    pub fn tell_syncs(&self, synced: impl Fn(std::time::Duration) + Send + Sync + 'static) {
        let _ = self.common.synced.set(Box::new(synced));
    }

    /// Commits that wait for the thread.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.to_thread.as_ref().map_or(0, Sender::len)
    }

    /// The value of a key.
    ///
    /// # Errors
    /// `Disk`.
    pub fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.common.shown.get(&effects::key(space, key)).map_err(|error| self.failed(&error))
    }

    /// Whether a key is set, or will be once the commit that is under way is durable. Does not wait for it: for who commits
    /// something afterwards, which then is durable no earlier.
    ///
    /// # Errors
    /// `Disk`.
    pub fn is_set(&self, space: Space, key: &[u8]) -> Result<bool, StoreError> {
        self.common.shown.is_set(&effects::key(space, key)).map_err(|error| self.failed(&error))
    }

    /// Up to `limit` pairs whose keys begin with `prefix` and stand behind `after`, ascending.
    ///
    /// # Errors
    /// `Disk`.
    pub fn list(
        &self,
        space: Space,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let whole = effects::key(space, prefix);
        // Behind a key stands first what is that key and a zero byte.
        let from = after.map_or_else(|| whole.clone(), |after| [&effects::key(space, after)[..], &[0]].concat());
        let found = self.common.shown.list(&whole, &from, limit).map_err(|error| self.failed(&error))?;
        Ok(found.into_iter().map(bare).collect())
    }

    /// The pair with the highest key that begins with `prefix`.
    ///
    /// # Errors
    /// `Disk`.
    pub fn last(&self, space: Space, prefix: &[u8]) -> Result<Option<Pair>, StoreError> {
        let found = self.common.shown.last(&effects::key(space, prefix)).map_err(|error| self.failed(&error))?;
        Ok(found.map(bare))
    }

    /// The number of the last of a list that grows by [`Effects::append`]; 0 where it is empty.
    ///
    /// # Errors
    /// `Disk`.
    pub fn last_number(&self, space: Space, prefix: &[u8]) -> Result<u64, StoreError> {
        let last = self.last(space, prefix)?;
        let number = last.and_then(|(key, _)| key.get(prefix.len()..)?.try_into().ok());
        Ok(number.map_or(0, u64::from_be_bytes))
    }

    /// The number (8 bytes, big endian) that is kept under a key; 0 where none is.
    ///
    /// # Errors
    /// `Disk`.
    pub fn number(&self, space: Space, at: &[u8]) -> Result<u64, StoreError> {
        let kept = self.get(space, at)?;
        Ok(kept.and_then(|kept| kept.try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    /// Hands effects to the commit thread, waiting while its queue is full; `answer` is called there once all of them are
    /// durable, or none is made.
    ///
    /// # Errors
    /// `TooLarge` and `Broken`, at once; `answer` is then not called.
    pub fn submit(
        &self,
        effects: Effects,
        answer: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        effects.check()?;
        let stopped = || StoreError::Broken("the host is stopping".into());
        let to_thread = self.to_thread.as_ref().ok_or_else(stopped)?;
        to_thread.send(Commit { effects, answer: Box::new(answer) }).map_err(|_| stopped())
    }

    /// Commits effects and waits until they are durable.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is then changed.
    pub fn commit(&self, effects: Effects) -> Result<(), StoreError> {
        let (to, answer) = bounded(1);
        self.submit(effects, move |result| {
            let _ = to.send(result);
        })?;
        answer.recv().unwrap_or_else(|_| Err(StoreError::Broken("the commit thread ended".into())))
    }

    /// Keeps something large under its digest; durable when this answers. Kept already: nothing is written.
    ///
    /// # Errors
    /// `Disk`.
    pub fn put_file(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        files::put(&self.folder.join("files"), bytes)
    }

    /// What was kept under a digest; none where there is nothing, or something damaged.
    ///
    /// # Errors
    /// `Disk`.
    pub fn file(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        files::get(&self.folder.join("files"), digest)
    }

    /// Removes what was kept under a digest. Only for whoever put it there, and knows that nobody else keeps the same bytes.
    ///
    /// # Errors
    /// `Disk`.
    pub fn remove_file(&self, digest: Digest) -> Result<(), StoreError> {
        files::remove(&self.folder.join("files"), digest)
    }

    fn failed(&self, error: &sled::Error) -> StoreError {
        StoreError::disk(&self.folder.join("sled"), error)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.to_thread = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A pair without its key's keyspace.
fn bare((key, value): Pair) -> Pair {
    (key.get(1..).unwrap_or_default().to_vec(), value)
}

/// Syncs what opening made: the settings file, snapshots' names, the log and the folders. The log's file, to sync it later.
fn synced(folder: &Path, inside: &Path) -> io::Result<File> {
    for file in [inside.join("conf"), inside.join("db")] {
        File::open(file)?.sync_all()?;
    }
    for folder in [inside.join("blobs"), inside.to_owned(), folder.join("files"), folder.to_owned()] {
        File::open(folder)?.sync_all()?;
    }
    if let Some(data) = folder.parent() {
        File::open(data)?.sync_all()?;
    }
    File::open(inside.join("db"))
}
