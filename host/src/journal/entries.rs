//! What one segment holds, by sequence number: where each part of each record lies, and what cannot be read.
//!
//! A closed segment's entries are kept in a file beside it, so that a start does not read all segments. That file is made
//! again from the segment whenever it is absent or does not fit.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::JournalError;
use super::record::{Header, Take};
use crate::ids::Digest;
use crate::model::SourceName;

const MAGIC: [u8; 8] = *b"\xffcrdnix1";

/// One part of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where the record begins in the segment.
    pub(super) offset: u64,
    /// Sequence number of the part's first event.
    pub(super) first: u64,
    pub(super) rows: u32,
    /// Which part of the record.
    pub(super) part: u16,
    /// Position in [`Entries::sources`].
    source: u16,
}

/// Events that were lost: their bytes are damaged or gone, and nobody knows of which source they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) first: u64,
    pub(super) rows: u64,
}

/// See the module. Parts ascend by sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entries {
    /// Sequence number that the segment begins with.
    pub(super) first: u64,
    /// The sequence number after its last.
    pub(super) end: u64,
    /// When its latest request was received; the lowest number where it has none.
    pub(super) received: i64,
    /// With the sequence number of each one's last event.
    sources: Vec<(SourceName, u64)>,
    parts: Vec<Entry>,
    holes: Vec<Hole>,
}

impl Entries {
    pub(super) fn new(first: u64) -> Self {
        Self { first, end: first, received: i64::MIN, sources: Vec::new(), parts: Vec::new(), holes: Vec::new() }
    }

    /// Takes the record at `offset`. Numbers that are missing before it become a hole.
    pub(super) fn push(&mut self, offset: u64, header: &Header) {
        self.lose_until(header.first);
        for (at, part) in header.parts.iter().enumerate() {
            let source = self.sources.iter().position(|(name, _)| *name == part.source).unwrap_or_else(|| {
                self.sources.push((part.source.clone(), 0));
                self.sources.len() - 1
            });
            let entry = Entry { offset, first: part.first, rows: part.rows, part: at as u16, source: source as u16 };
            self.add(entry);
        }
        self.end = header.first + header.rows();
        self.received = self.received.max(header.received);
    }

    fn add(&mut self, entry: Entry) -> Option<()> {
        let (_, last) = self.sources.get_mut(usize::from(entry.source))?;
        *last = (entry.first + u64::from(entry.rows)).checked_sub(1)?;
        self.parts.push(entry);
        Some(())
    }

    /// Everything from the end up to this number (exclusive) is lost. True when that is anything.
    pub(super) fn lose_until(&mut self, next: u64) -> bool {
        if next <= self.end {
            return false;
        }
        self.holes.push(Hole { first: self.end, rows: next - self.end });
        self.end = next;
        true
    }

    pub(super) fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// For each source the sequence number of its last event.
    pub(super) fn heads(&self) -> &[(SourceName, u64)] {
        &self.sources
    }

    /// The first part of a source that has an event numbered `next` or higher, looking from position `from` on; and the
    /// position to look from the next time.
    pub(super) fn part_from(&self, source: &SourceName, next: u64, from: usize) -> (Option<Entry>, usize) {
        let Some(wanted) = self.sources.iter().position(|(name, _)| name == source) else {
            return (None, self.parts.len());
        };
        let start = from.max(self.parts.partition_point(|entry| entry.first + u64::from(entry.rows) <= next));
        let rest = self.parts.get(start..).unwrap_or_default();
        match rest.iter().position(|entry| usize::from(entry.source) == wanted) {
            Some(at) => (rest.get(at).copied(), start + at),
            None => (None, self.parts.len()),
        }
    }

    /// The parts that have an event numbered `next` or higher, of whatever source.
    pub(super) fn parts_from(&self, next: u64) -> impl Iterator<Item = (&SourceName, Entry)> {
        let start = self.parts.partition_point(|entry| entry.first + u64::from(entry.rows) <= next);
        let parts = self.parts.get(start..).unwrap_or_default().iter();
        parts.filter_map(|entry| Some((&self.sources.get(usize::from(entry.source))?.0, *entry)))
    }

    /// The first hole that has a number of `next` or higher.
    pub(super) fn hole_from(&self, next: u64) -> Option<Hole> {
        self.holes.iter().find(|hole| hole.first + hole.rows > next).copied()
    }

    /// Reads the file of a segment's entries. None when there is none that fits a segment of that many bytes.
    pub(super) fn read(segment: &Path, segment_bytes: u64) -> Option<Self> {
        let text = std::fs::read(beside(segment)).ok()?;
        let (covered, digest) = text.split_at_checked(text.len().checked_sub(32)?)?;
        if Digest::of(covered).0 != digest {
            return None;
        }
        let mut take = Take { from: covered.strip_prefix(&MAGIC)? };
        if take.u64()? != segment_bytes {
            return None;
        }
        let mut entries = Self::new(take.u64()?);
        entries.end = take.u64()?;
        entries.received = i64::from_le_bytes(take.array()?);
        for _ in 0..take.u32()? {
            let length = take.u32()? as usize;
            entries.sources.push((SourceName::new(std::str::from_utf8(take.bytes(length)?).ok()?).ok()?, 0));
        }
        for _ in 0..take.u32()? {
            let (offset, first, rows) = (take.u64()?, take.u64()?, take.u32()?);
            let (part, source) = (u16::from_le_bytes(take.array()?), u16::from_le_bytes(take.array()?));
            entries.add(Entry { offset, first, rows, part, source })?;
        }
        for _ in 0..take.u32()? {
            entries.holes.push(Hole { first: take.u64()?, rows: take.u64()? });
        }
        take.from.is_empty().then_some(entries)
    }

    /// Writes the file of a closed segment's entries. It need not be durable: its digest tells when it is not whole.
    pub(super) fn write(&self, segment: &Path, segment_bytes: u64) -> Result<(), JournalError> {
        let mut out = MAGIC.to_vec();
        for number in [segment_bytes, self.first, self.end] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.received.to_le_bytes());
        out.extend_from_slice(&(self.sources.len() as u32).to_le_bytes());
        for (source, _) in &self.sources {
            out.extend_from_slice(&(source.as_str().len() as u32).to_le_bytes());
            out.extend_from_slice(source.as_str().as_bytes());
        }
        out.extend_from_slice(&(self.parts.len() as u32).to_le_bytes());
        for entry in &self.parts {
            out.extend_from_slice(&entry.offset.to_le_bytes());
            out.extend_from_slice(&entry.first.to_le_bytes());
            out.extend_from_slice(&entry.rows.to_le_bytes());
            out.extend_from_slice(&entry.part.to_le_bytes());
            out.extend_from_slice(&entry.source.to_le_bytes());
        }
        out.extend_from_slice(&(self.holes.len() as u32).to_le_bytes());
        for hole in &self.holes {
            out.extend_from_slice(&hole.first.to_le_bytes());
            out.extend_from_slice(&hole.rows.to_le_bytes());
        }
        let digest = Digest::of(&out);
        out.extend_from_slice(&digest.0);
        let path = beside(segment);
        let written = std::fs::File::create(&path).and_then(|mut file| file.write_all(&out));
        written.map_err(|error| JournalError::new(&path, error))
    }
}

/// Where a segment's entries are kept.
pub(super) fn beside(segment: &Path) -> PathBuf {
    segment.with_extension("index")
}
