//! How many events of each source came when, from the headers of records: what was appended can be counted again exactly, at
//! any time, from any place.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex};

use super::JournalError;
use super::entries::{Entries, Entry};
use super::record::{HEADER_BYTES, Header};
use super::recover;
use super::stream::{Stream, lock};
use crate::model::SourceName;

/// Parts that are looked at together where a time is looked for.
const MANY: usize = 4_096;
/// Bytes of a header that holds a few sources.
const USUAL: usize = 1 << 10;

/// Some consecutive records of a force, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Sequence number of the last event that is in it, or lost.
    pub end: u64,
    /// Events of one source in one request each, in order.
    pub parts: Vec<Counted>,
}

/// Events of one source in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The source.
    pub source: SourceName,
    /// How many.
    pub rows: u32,
    /// When the request was accepted, microseconds since 1970 UTC. None where that is damaged on disk.
    pub received: Option<i64>,
}

/// The records behind sequence number `after`, at most `limit` of their parts; none when there is nothing more.
pub(super) fn tally(stream: &Mutex<Stream>, after: u64, limit: usize) -> Result<Option<Tally>, JournalError> {
    let next = after.saturating_add(1);
    let (path, file, parts, end) = {
        let stream = lock(stream);
        match stream.closed.iter().find(|(_, closed)| closed.end > next) {
            Some((first, closed)) => {
                let (force, first, closed) = (stream.force.clone(), *first, closed.clone());
                drop(stream);
                let file = File::open(&closed.path).map_err(|error| JournalError::new(&closed.path, error))?;
                let entries = recover::closed(&force, &closed.path, first, closed.end, &mut Vec::new())?;
                let (parts, end) = behind(&entries, next, limit);
                (closed.path, Arc::new(file), parts, end)
            }
            None => {
                let Some(open) = stream.open.as_ref().filter(|open| open.entries.end > next) else { return Ok(None) };
                let (parts, end) = behind(&open.entries, next, limit);
                (open.path.clone(), Arc::clone(&open.file), parts, end)
            }
        }
    };
    let fail = |error: io::Error| JournalError::new(&path, error);
    let mut counted = Vec::with_capacity(parts.len());
    let mut last: Option<(u64, Option<i64>)> = None;
    for (source, entry) in parts {
        let received = match last {
            Some((offset, received)) if offset == entry.offset => received,
            _ => received(&file, entry.offset).map_err(fail)?,
        };
        last = Some((entry.offset, received));
        counted.push(Counted { source, rows: entry.rows, received });
    }
    Ok(Some(Tally { end, parts: counted }))
}

/// The sequence number before the first event that was accepted at `time` (microseconds since 1970 UTC) or later. What was
/// accepted out of order, because the clock was set back, counts where it stands.
pub(super) fn before(stream: &Mutex<Stream>, time: i64) -> Result<u64, JournalError> {
    let mut after = {
        let stream = lock(stream);
        let old = stream.closed.values().take_while(|closed| closed.received < time);
        let first = stream.closed.keys().next().map_or(0, |first| first.saturating_sub(1));
        old.last().map_or(first, |closed| closed.end.saturating_sub(1))
    };
    let mut limit = MANY;
    while let Some(tally) = tally(stream, after, limit)? {
        let is_old = |part: &Counted| part.received.is_none_or(|received| received < time);
        if tally.parts.iter().all(is_old) {
            if tally.end <= after {
                break;
            }
            after = tally.end;
        } else if limit == 1 {
            break;
        } else {
            // The first that is not old is among fewer.
            limit = (limit / 8).max(1);
        }
    }
    Ok(after)
}

/// The parts from number `next` on, whole records of them, and the last number that is then counted.
fn behind(entries: &Entries, next: u64, limit: usize) -> (Vec<(SourceName, Entry)>, u64) {
    let mut parts: Vec<(SourceName, Entry)> =
        entries.parts_from(next).take(limit.max(1)).map(|(source, entry)| (source.clone(), entry)).collect();
    if parts.len() < limit.max(1) {
        return (parts, entries.end - 1);
    }
    // The last record may go on behind the limit: it is taken whole, a request has few sources.
    let Some((_, last)) = parts.last().cloned() else { return (parts, entries.end - 1) };
    let rest = entries.parts_from(last.first + u64::from(last.rows));
    parts.extend(rest.take_while(|(_, entry)| entry.offset == last.offset).map(|(name, entry)| (name.clone(), entry)));
    let end = parts.last().map_or(next, |(_, entry)| entry.first + u64::from(entry.rows) - 1);
    (parts, end)
}

/// When the record at `offset` was accepted; none where its header is damaged.
pub(super) fn received(file: &File, offset: u64) -> io::Result<Option<i64>> {
    let mut head = vec![0; USUAL];
    let mut read = file.read_at(&mut head, offset)?;
    let length = head.get(8..12).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes) as usize;
    if length > read && length <= HEADER_BYTES {
        head.resize(length, 0);
        read = file.read_at(&mut head, offset)?;
    }
    Ok(head.get(..length.min(read)).and_then(Header::read).map(|header| header.received))
}
