//! Reads one source of one force, in order of sequence numbers, past what is damaged.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::JournalError;
use super::entries::{Entries, Entry, Hole};
use super::record::{Events, HEADER_BYTES, Header};
use super::recover;
use super::stream::{Stream, lock};
use super::tally;
use crate::model::SourceName;

/// See the module.
pub struct Reader {
    stream: Arc<Mutex<Stream>>,
    source: SourceName,
    /// The lowest sequence number not yet given.
    next: u64,
    segment: Option<At>,
    held: Option<(Entry, Rows)>,
}

/// Where reading stands in a segment.
struct At {
    first: u64,
    file: Arc<File>,
    /// None in the segment that is written: its entries are the stream's.
    entries: Option<Entries>,
    position: usize,
}

/// What stands next.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Events.
    Rows(Rows),
    /// Events that cannot be read: damaged on disk. The range may hold events of other sources.
    Lost {
        /// Sequence number of the first.
        first: u64,
        /// How many.
        rows: u64,
    },
}

/// Consecutive events of one request.
#[derive(Debug, Clone)]
pub struct Rows {
    events: Arc<Events>,
    start: usize,
    end: usize,
    first: u64,
    received: i64,
}

impl Rows {
    /// Each event's sequence number and exact bytes.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        (self.start..self.end).map(|row| (self.first + (row - self.start) as u64, self.events.get(row)))
    }

    /// When the request was accepted, microseconds since 1970 UTC.
    #[must_use]
    pub fn received(&self) -> i64 {
        self.received
    }

    /// How many events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The first of these events, as many as there are up to `rows` and `bytes`, but at least one.
    fn first(&self, rows: usize, bytes: usize) -> Self {
        let mut taken = 0;
        let mut end = self.start;
        while end < self.end && end - self.start < rows.max(1) {
            taken += self.events.get(end).len();
            if taken > bytes && end > self.start {
                break;
            }
            end += 1;
        }
        Self { end, ..self.clone() }
    }
}

impl Reader {
    pub(super) fn new(stream: Arc<Mutex<Stream>>, source: SourceName, after: u64) -> Self {
        Self { stream, source, next: after.saturating_add(1), segment: None, held: None }
    }

    /// The sequence number of the last event given, or passed.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.next - 1
    }

    /// The next events, of one request, at most `rows` and `bytes` of them (one always fits), or what is lost. None when
    /// there is nothing more that is durable.
    ///
    /// # Errors
    /// When a file cannot be read. The next call tries again.
    pub fn next(&mut self, rows: usize, bytes: usize) -> Result<Option<Piece>, JournalError> {
        if let Some((_, held)) = &self.held {
            let given = held.first(rows, bytes);
            let rest = Rows { start: given.end, first: given.first + given.len() as u64, ..held.clone() };
            self.next = rest.first;
            self.held = self.held.take().filter(|_| !rest.is_empty()).map(|(entry, _)| (entry, rest));
            return Ok(Some(Piece::Rows(given)));
        }
        loop {
            let Some(found) = self.find()? else { return Ok(None) };
            let (entry, file) = match found {
                Next::Hole(hole) => {
                    let first = hole.first.max(self.next);
                    self.next = hole.first + hole.rows;
                    return Ok(Some(Piece::Lost { first, rows: self.next - first }));
                }
                Next::Part(entry, file) => (entry, file),
            };
            let read = read(&file, entry).map_err(|error| JournalError::new(Path::new(self.source.as_str()), error))?;
            match read {
                Some((events, received)) => {
                    let skip = self.next.saturating_sub(entry.first) as usize;
                    let (start, end) = (skip, entry.rows as usize);
                    let rows_of =
                        Rows { events: Arc::new(events), start, end, first: entry.first + skip as u64, received };
                    if rows_of.is_empty() {
                        self.next = entry.first + u64::from(entry.rows);
                        continue;
                    }
                    self.held = Some((entry, rows_of));
                    return self.next(rows, bytes);
                }
                None => {
                    let first = entry.first.max(self.next);
                    self.next = entry.first + u64::from(entry.rows);
                    return Ok(Some(Piece::Lost { first, rows: self.next - first }));
                }
            }
        }
    }

    /// When the next events were accepted, in microseconds since 1970 UTC; none when there are none, or that is damaged.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn waiting_since(&mut self) -> Result<Option<i64>, JournalError> {
        if let Some((_, held)) = &self.held {
            return Ok(Some(held.received));
        }
        match self.find()? {
            Some(Next::Part(entry, file)) => tally::received(&file, entry.offset)
                .map_err(|error| JournalError::new(Path::new(self.source.as_str()), error)),
            Some(Next::Hole(_)) | None => Ok(None),
        }
    }

    /// Where the next events are.
    fn find(&mut self) -> Result<Option<Next>, JournalError> {
        loop {
            if let Some(at) = &mut self.segment {
                let next = match &at.entries {
                    Some(entries) => at.find(entries, &self.source, self.next),
                    None => {
                        let stream = lock(&self.stream);
                        let open = stream.open.as_ref().filter(|open| open.entries.first == at.first);
                        match open.map(|open| at.find(&open.entries, &self.source, self.next)) {
                            // It stays the place to look at as long as it is written.
                            Some((None, position)) => {
                                at.position = position;
                                return Ok(None);
                            }
                            Some(next) => next,
                            // It was closed meanwhile: look it up again.
                            None => (None, 0),
                        }
                    }
                };
                at.position = next.1;
                if next.0.is_some() {
                    return Ok(next.0);
                }
                self.segment = None;
            }
            if !self.enter()? {
                return Ok(None);
            }
        }
    }

    /// Goes to the segment that has the next events. False when there is none.
    fn enter(&mut self) -> Result<bool, JournalError> {
        let (force, first, closed) = {
            let stream = lock(&self.stream);
            let Some((first, closed)) = stream.closed_from(&self.source, self.next) else {
                let Some(open) = &stream.open else { return Ok(false) };
                let at = At { first: open.entries.first, file: Arc::clone(&open.file), entries: None, position: 0 };
                self.segment = Some(at);
                return Ok(true);
            };
            (stream.force.clone(), first, closed.clone())
        };
        let file = File::open(&closed.path).map_err(|error| JournalError::new(&closed.path, error))?;
        let entries = recover::closed(&force, &closed.path, first, closed.end, &mut Vec::new())?;
        self.segment = Some(At { first, file: Arc::new(file), entries: Some(entries), position: 0 });
        Ok(true)
    }
}

enum Next {
    Part(Entry, Arc<File>),
    Hole(Hole),
}

impl At {
    fn find(&self, entries: &Entries, source: &SourceName, next: u64) -> (Option<Next>, usize) {
        let (part, position) = entries.part_from(source, next, self.position);
        let found = match (part, entries.hole_from(next)) {
            (Some(part), Some(hole)) if hole.first < part.first => Some(Next::Hole(hole)),
            (None, Some(hole)) => Some(Next::Hole(hole)),
            (Some(part), _) => Some(Next::Part(part, Arc::clone(&self.file))),
            (None, None) => None,
        };
        (found, position)
    }
}

/// The events of a part and when they were received; none when they are damaged.
fn read(file: &File, entry: Entry) -> io::Result<Option<(Events, i64)>> {
    let mut head = vec![0; 4 << 10];
    let mut read = file.read_at(&mut head, entry.offset)?;
    let length = head.get(8..12).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes) as usize;
    if length > read && length <= HEADER_BYTES {
        head.resize(length, 0);
        read = file.read_at(&mut head, entry.offset)?;
    }
    let Some(header) = head.get(..length.min(read)).and_then(Header::read) else { return Ok(None) };
    let Some(part) = header.parts.get(usize::from(entry.part)).filter(|part| part.first == entry.first) else {
        return Ok(None);
    };
    let mut packed = vec![0; part.packed as usize];
    match file.read_exact_at(&mut packed, entry.offset + part.at) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        whole => whole?,
    }
    Ok(part.unpack(&packed).map(|events| (events, header.received)))
}
