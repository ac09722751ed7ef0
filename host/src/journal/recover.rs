//! What a start finds in segments: their entries, damage, and the torn end that it cuts off.
//!
//! Only the end of a force's last segment is ever cut, and only what is no whole record. The bytes are kept in a file beside
//! the segment. A whole record that is damaged stays where it is: its sequence numbers remain taken.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::entries::Entries;
use super::keys::Keys;
use super::record::Header;
use super::segment::{self, Records};
use super::{Appended, JournalError};
use crate::model::Force;

/// Damage that was found at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whose events they were.
    pub force: Force,
    /// The segment's file.
    pub segment: PathBuf,
    /// What is wrong.
    pub damage: Damage,
}

/// What is wrong with a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A request that was being written when the host stopped: it was never acknowledged. Cut off, and kept.
    Torn {
        /// Where it began.
        offset: u64,
        /// Its bytes.
        bytes: u64,
        /// Where they are kept.
        kept: PathBuf,
    },
    /// Events that cannot be read any more.
    Lost {
        /// Sequence number of the first.
        first: u64,
        /// How many.
        rows: u64,
    },
    /// The segment's own header cannot be read; its records can.
    Header,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.segment.display())?;
        match &self.damage {
            Damage::Torn { offset, bytes, kept } => write!(
                f,
                "the last {bytes} bytes (from {offset}) were an unfinished write, never acknowledged; cut off, kept in {}",
                kept.display()
            ),
            Damage::Lost { first, rows } => {
                write!(f, "damaged on disk: {rows} events of force {} from sequence {first} on are lost", self.force)
            }
            Damage::Header => f.write_str("its header is damaged on disk; its events are not"),
        }
    }
}

/// Reads a segment through. `next` is the first sequence number of the segment after it, where there is one.
pub(super) fn closed(
    force: &Force,
    path: &Path,
    first: u64,
    next: u64,
    found: &mut Vec<Found>,
) -> Result<Entries, JournalError> {
    let fail = |error: io::Error| JournalError::new(path, error);
    let file = File::open(path).map_err(fail)?;
    let bytes = file.metadata().map_err(fail)?.len();
    if let Some(entries) = Entries::read(path, bytes).filter(|entries| entries.first == first && entries.end == next) {
        return Ok(entries);
    }
    let (mut entries, _) = read(force, path, &file, first, &mut Keys::default(), found)?;
    if entries.lose_until(next) {
        lost(force, path, &entries, found);
    }
    entries.write(path, bytes)?;
    Ok(entries)
}

/// Reads the last segment of a force and makes it ready for more. Where it ends, in bytes.
pub(super) fn last(
    force: &Force,
    path: &Path,
    first: u64,
    keys: &mut Keys,
    found: &mut Vec<Found>,
) -> Result<(File, Entries, u64), JournalError> {
    let fail = |error: io::Error| JournalError::new(path, error);
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(fail)?;
    let bytes = file.metadata().map_err(fail)?.len();
    if bytes < segment::START {
        // The host stopped while it made the file: nothing was written to it yet.
        file.set_len(0).and_then(|()| file.write_all_at(&segment::header(force, first), 0)).map_err(fail)?;
        file.sync_all().map_err(fail)?;
        return Ok((file, Entries::new(first), segment::START));
    }
    let (entries, end) = read(force, path, &file, first, keys, found)?;
    if end < bytes {
        let kept = path.with_extension(format!("torn-{end}"));
        keep(&file, end, bytes, &kept).map_err(|error| JournalError::new(&kept, error))?;
        file.set_len(end).and_then(|()| file.sync_all()).map_err(fail)?;
        let damage = Damage::Torn { offset: end, bytes: bytes - end, kept };
        found.push(Found { force: force.clone(), segment: path.to_owned(), damage });
    }
    Ok((file, entries, end))
}

/// Entries, and where the last record ends.
fn read(
    force: &Force,
    path: &Path,
    file: &File,
    first: u64,
    keys: &mut Keys,
    found: &mut Vec<Found>,
) -> Result<(Entries, u64), JournalError> {
    let fail = |error: io::Error| JournalError::new(path, error);
    match segment::owner(file).map_err(fail)? {
        Some(owner) if owner == force.as_str() => {}
        Some(owner) => {
            let reason = format!("the segment belongs to force `{owner}`: move it to that force's folder");
            return Err(JournalError::new(path, reason));
        }
        None => found.push(Found { force: force.clone(), segment: path.to_owned(), damage: Damage::Header }),
    }
    let bytes = file.metadata().map_err(fail)?.len();
    let mut records = Records::new(file, bytes);
    let mut entries = Entries::new(first);
    let mut headers: Vec<(u64, Header)> = Vec::new();
    while let Some(record) = records.next().map_err(fail)? {
        // Numbers only rise: what claims an old one is no record of this segment.
        if record.header.first < entries.end {
            continue;
        }
        if record.header.first > entries.end {
            entries.lose_until(record.header.first);
            lost(force, path, &entries, found);
        }
        entries.push(record.offset, &record.header);
        keys.insert(record.header.key, Appended::of(&record.header));
        // What was durable when this record was written needs no second look now.
        headers.retain(|(offset, _)| *offset >= record.header.durable);
        headers.push((record.offset, record.header));
    }
    for (offset, header) in headers {
        if !body_is_whole(file, offset, &header).map_err(fail)? {
            let damage = Damage::Lost { first: header.first, rows: header.rows() };
            found.push(Found { force: force.clone(), segment: path.to_owned(), damage });
        }
    }
    Ok((entries, records.end()))
}

fn lost(force: &Force, path: &Path, entries: &Entries, found: &mut Vec<Found>) {
    if let Some(hole) = entries.holes().last() {
        let damage = Damage::Lost { first: hole.first, rows: hole.rows };
        found.push(Found { force: force.clone(), segment: path.to_owned(), damage });
    }
}

fn body_is_whole(file: &File, offset: u64, header: &Header) -> io::Result<bool> {
    for part in &header.parts {
        let mut packed = vec![0; part.packed as usize];
        file.read_exact_at(&mut packed, offset + part.at)?;
        if part.unpack(&packed).is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Copies the bytes from `end` on to a file of their own.
fn keep(file: &File, mut at: u64, bytes: u64, to: &Path) -> io::Result<()> {
    let mut kept = File::create(to)?;
    let mut chunk = vec![0; 1 << 20];
    while at < bytes {
        let length = (bytes - at).min(chunk.len() as u64) as usize;
        let chunk = chunk.get_mut(..length).unwrap_or_default();
        file.read_exact_at(chunk, at)?;
        kept.write_all(chunk)?;
        at += length as u64;
    }
    kept.sync_all()
}
