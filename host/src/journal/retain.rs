//! Retention: whole closed segments go, oldest first, never beyond what somebody still needs.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sha2::{Digest as _, Sha256};

use super::JournalError;
use super::entries::beside;
use super::stream::{Closed, Stream, lock};
use crate::ids::Digest;
use crate::model::SourceName;

/// A segment that is about to go, for the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Its file.
    pub segment: PathBuf,
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Sequence number of its first event.
    pub first: u64,
    /// The sequence number after its last.
    pub end: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// What [`retain`] would drop: segments and their bytes.
pub(super) fn due(stream: &Mutex<Stream>, received: i64, passed: impl Fn(&SourceName) -> u64) -> (u64, u64) {
    let stream = lock(stream);
    let goes = |closed: &&Closed| is_due(closed, received, &passed);
    stream
        .closed
        .values()
        .take_while(goes)
        .fold((0, 0), |(segments, bytes), closed| (segments + 1, bytes + closed.bytes))
}

fn is_due(closed: &Closed, received: i64, passed: &impl Fn(&SourceName) -> u64) -> bool {
    closed.received < received && !closed.heads.iter().any(|(source, last)| *last > passed(source))
}

pub(super) fn retain(
    stream: &Mutex<Stream>,
    received: i64,
    passed: impl Fn(&SourceName) -> u64,
    mut record: impl FnMut(&Dropped) -> bool,
) -> Result<(), JournalError> {
    loop {
        let (first, closed) = {
            let stream = lock(stream);
            let Some((first, closed)) = stream.closed.first_key_value() else { return Ok(()) };
            if !is_due(closed, received, &passed) {
                return Ok(());
            }
            (*first, closed.clone())
        };
        let fail = |error: io::Error| JournalError::new(&closed.path, error);
        let Closed { path, end, bytes, .. } = &closed;
        let digest = digest(path).map_err(fail)?;
        if !record(&Dropped { segment: path.clone(), digest, first, end: *end, bytes: *bytes }) {
            return Ok(());
        }
        remove(path).map_err(fail)?;
        lock(stream).closed.remove(&first);
    }
}

fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)?;
    match std::fs::remove_file(beside(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn digest(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok(Digest(hash.finalize().into()));
        }
        hash.update(chunk.get(..read).unwrap_or_default());
    }
}
