//! A segment's file: its name, its header, and reading through its records, past what is damaged.
//!
//! The header (128 bytes) holds a magic number, the first sequence number and the force's name, so that a segment restored
//! into another force's folder is not taken for its own.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::record::{self, HEADER_BYTES, Header, Take};
use crate::ids::Digest;
use crate::model::Force;

/// Bytes before the first record.
pub(super) const START: u64 = 128;
const MAGIC: [u8; 8] = *b"\xffcordonJ";
/// Bytes read at a time.
const WINDOW: usize = 1 << 20;

/// `FOLDER/00000000000000000001.segment`
pub(super) fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.segment"))
}

/// First sequence numbers of the segments in a folder, ascending.
pub(super) fn list(folder: &Path) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "segment")
            && let Some(first) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok())
        {
            found.push(first);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The header of a segment.
pub(super) fn header(force: &Force, first: u64) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&first.to_le_bytes());
    out.push(force.as_str().len() as u8);
    out.extend_from_slice(force.as_str().as_bytes());
    out.resize(START as usize - 32, 0);
    let digest = Digest::of(&out);
    out.extend_from_slice(&digest.0);
    out
}

/// Whose segment it is, by its header; none when the header is damaged.
pub(super) fn owner(file: &File) -> io::Result<Option<String>> {
    let mut bytes = [0; START as usize];
    match file.read_exact_at(&mut bytes, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let (covered, digest) = bytes.split_at(START as usize - 32);
    let read = || {
        let mut take = Take { from: covered.strip_prefix(&MAGIC)? };
        take.u64()?;
        let [length] = take.array()?;
        String::from_utf8(take.bytes(usize::from(length))?.to_vec()).ok()
    };
    Ok(if Digest::of(covered).0 == digest { read() } else { None })
}

/// Goes through the records of a file.
pub(super) struct Records<'a> {
    file: &'a File,
    bytes: u64,
    at: u64,
    window: Vec<u8>,
    base: u64,
}

/// A record whose header is whole and whose bytes are all there; its body is not looked at.
pub(super) struct Found {
    pub(super) offset: u64,
    pub(super) header: Header,
}

impl<'a> Records<'a> {
    pub(super) fn new(file: &'a File, bytes: u64) -> Self {
        Self { file, bytes, at: START.min(bytes), window: Vec::new(), base: 0 }
    }

    /// The next record. None when there is no further one: what is behind [`Self::end`] is then no record.
    pub(super) fn next(&mut self) -> io::Result<Option<Found>> {
        let mut offset = self.at;
        while offset < self.bytes {
            if let Some(header) = self.header(offset)? {
                let found = Found { offset, header };
                self.at = offset + found.header.record();
                return Ok(Some(found));
            }
            match self.search(offset + 1)? {
                Some(at) => offset = at,
                None => break,
            }
        }
        Ok(None)
    }

    /// Where the last record found ends.
    pub(super) fn end(&self) -> u64 {
        self.at
    }

    /// The header at an offset, when it is whole and its record lies within the file.
    fn header(&mut self, offset: u64) -> io::Result<Option<Header>> {
        let head = self.window(offset, 12)?;
        let Some(length) = head.get(8..12).filter(|_| head.starts_with(&record::MAGIC)) else { return Ok(None) };
        let length = length.try_into().map(u32::from_le_bytes).unwrap_or(0) as usize;
        if length > HEADER_BYTES {
            return Ok(None);
        }
        let bytes = self.bytes;
        Ok(Header::read(self.window(offset, length)?).filter(|header| offset + header.record() <= bytes))
    }

    /// Where the magic number stands next.
    fn search(&mut self, mut from: u64) -> io::Result<Option<u64>> {
        while from < self.bytes {
            let window = self.window(from, WINDOW)?;
            if let Some(at) = memchr::memmem::find(window, &record::MAGIC) {
                return Ok(Some(from + at as u64));
            }
            // It may stand across the window's end.
            from += window.len().saturating_sub(record::MAGIC.len() - 1).max(1) as u64;
        }
        Ok(None)
    }

    /// That many bytes from an offset on; fewer at the file's end.
    fn window(&mut self, offset: u64, bytes: usize) -> io::Result<&[u8]> {
        let bytes = bytes.min(usize::try_from(self.bytes.saturating_sub(offset)).unwrap_or(usize::MAX));
        let inside = offset >= self.base && offset + bytes as u64 <= self.base + self.window.len() as u64;
        if !inside {
            let length = (self.bytes - offset).min(WINDOW.max(bytes) as u64) as usize;
            self.window.resize(length, 0);
            self.file.read_exact_at(&mut self.window, offset)?;
            self.base = offset;
        }
        let start = (offset - self.base) as usize;
        Ok(self.window.get(start..start + bytes).unwrap_or_default())
    }
}
