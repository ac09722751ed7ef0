//! A record: one request, as bytes. Pure.
//!
//! Little endian. Header: magic (8), header bytes (u32), body bytes (u32), sequence number of the first event (u64), received
//! (i64), bytes of this segment known to be durable when the record was written (u64), request key (32), number of parts
//! (u16); for each part length and text of its source (u8), rows (u32), bytes unpacked (u32) and packed (u32), SHA-256 of
//! the packed bytes; SHA-256 of all that. Body: one zstd frame a part: the events' lengths (u32 each), then their bytes.

use crate::ids::Digest;
use crate::model::SourceName;

/// Bytes of events that one record may hold.
pub const RECORD_BYTES: usize = 64 << 20;

/// Where a record may begin. The first byte is in no UTF-8 text.
pub(super) const MAGIC: [u8; 8] = *b"\xffcordon1";
/// Bytes before the parts.
const FIXED: usize = 8 + 4 + 4 + 8 + 8 + 8 + 32 + 2;
/// Sources of one request at most.
pub(super) const PARTS: usize = 64;
/// Bytes of a header at most: a source's name has no more than 255.
pub(super) const HEADER_BYTES: usize = FIXED + PARTS * (1 + 255 + 12 + 32) + 32;
const LEVEL: i32 = 1;

/// One request: everything it brings becomes durable together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What names the request when it is sent again; zero where nothing does.
    pub key: Digest,
    /// When it was accepted, microseconds since 1970 UTC.
    pub received: i64,
    /// Its events, by source.
    pub parts: Vec<Part>,
}

/// Events of one source, packed. At least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub(super) source: SourceName,
    pub(super) rows: u32,
    pub(super) unpacked: u32,
    pub(super) packed: Vec<u8>,
    pub(super) digest: Digest,
}

impl Part {
    /// Packs events, each its exact bytes. None where there is no event.
    ///
    /// # Errors
    /// With more than [`RECORD_BYTES`], in words.
    pub fn pack<'a>(
        source: &SourceName,
        events: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<Option<Self>, String> {
        let (rows, bytes) =
            events.clone().fold((0_usize, 0_usize), |(rows, bytes), event| (rows + 1, bytes + event.len()));
        if rows == 0 {
            return Ok(None);
        }
        let unpacked = bytes + rows * 4;
        if unpacked > RECORD_BYTES {
            return Err(format!(
                "{bytes} bytes of events in one request, and a record holds {RECORD_BYTES}: send fewer"
            ));
        }
        let mut text = Vec::with_capacity(unpacked);
        for event in events.clone() {
            text.extend_from_slice(&(event.len() as u32).to_le_bytes());
        }
        events.for_each(|event| text.extend_from_slice(event));
        let packed = zstd::bulk::compress(&text, LEVEL).map_err(|error| format!("zstd: {error}"))?;
        let digest = Digest::of(&packed);
        Ok(Some(Self { source: source.clone(), rows: rows as u32, unpacked: unpacked as u32, packed, digest }))
    }

    /// Number of events.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows
    }
}

impl Request {
    pub(super) fn rows(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.rows)).sum()
    }

    /// The header of the record that this request becomes; the parts' packed bytes follow it.
    pub(super) fn header(&self, first: u64, durable: u64) -> Vec<u8> {
        let named: usize = self.parts.iter().map(|part| 1 + part.source.as_str().len() + 12 + 32).sum();
        let body: usize = self.parts.iter().map(|part| part.packed.len()).sum();
        let mut out = Vec::with_capacity(FIXED + named + 32);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&((FIXED + named + 32) as u32).to_le_bytes());
        out.extend_from_slice(&(body as u32).to_le_bytes());
        out.extend_from_slice(&first.to_le_bytes());
        out.extend_from_slice(&self.received.to_le_bytes());
        out.extend_from_slice(&durable.to_le_bytes());
        out.extend_from_slice(&self.key.0);
        out.extend_from_slice(&(self.parts.len() as u16).to_le_bytes());
        for part in &self.parts {
            let name = part.source.as_str();
            out.push(name.len() as u8);
            out.extend_from_slice(name.as_bytes());
            for number in [part.rows, part.unpacked, part.packed.len() as u32] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            out.extend_from_slice(&part.digest.0);
        }
        let digest = Digest::of(&out);
        out.extend_from_slice(&digest.0);
        out
    }
}

/// A header that was read, its digest checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) bytes: u32,
    pub(super) body: u32,
    pub(super) first: u64,
    pub(super) received: i64,
    pub(super) durable: u64,
    pub(super) key: Digest,
    pub(super) parts: Vec<PartHeader>,
}

/// What a header says of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PartHeader {
    pub(super) source: SourceName,
    /// Sequence number of its first event.
    pub(super) first: u64,
    pub(super) rows: u32,
    pub(super) unpacked: u32,
    pub(super) packed: u32,
    pub(super) digest: Digest,
    /// Where its bytes begin, from the record's beginning.
    pub(super) at: u64,
}

impl Header {
    /// Bytes of the whole record.
    pub(super) fn record(&self) -> u64 {
        u64::from(self.bytes) + u64::from(self.body)
    }

    pub(super) fn rows(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.rows)).sum()
    }

    /// Reads a header at the beginning of these bytes. None when there is none, whole and undamaged.
    pub(super) fn read(from: &[u8]) -> Option<Self> {
        let mut take = Take { from: from.strip_prefix(&MAGIC)? };
        let bytes = take.u32()?;
        let end = (bytes as usize).checked_sub(32)?;
        let (covered, digest) = (from.get(..end)?, from.get(end..bytes as usize)?);
        if Digest::of(covered).0 != digest {
            return None;
        }
        let body = take.u32()?;
        let first = take.u64()?;
        let received = i64::from_le_bytes(take.array()?);
        let durable = take.u64()?;
        let key = Digest(take.array()?);
        let count = u16::from_le_bytes(take.array()?);
        let (mut next, mut at) = (first, u64::from(bytes));
        let mut parts = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let [length] = take.array()?;
            let source = SourceName::new(std::str::from_utf8(take.bytes(usize::from(length))?).ok()?).ok()?;
            let (rows, unpacked, packed) = (take.u32()?, take.u32()?, take.u32()?);
            parts.push(PartHeader { source, first: next, rows, unpacked, packed, digest: Digest(take.array()?), at });
            next = next.checked_add(u64::from(rows))?;
            at += u64::from(packed);
        }
        Some(Self { bytes, body, first, received, durable, key, parts })
    }
}

impl PartHeader {
    /// The events of this part, from its packed bytes; none when these are damaged.
    pub(super) fn unpack(&self, packed: &[u8]) -> Option<Events> {
        if Digest::of(packed) != self.digest || self.unpacked as usize > RECORD_BYTES {
            return None;
        }
        let text = zstd::bulk::decompress(packed, self.unpacked as usize).ok()?;
        let start = self.rows as usize * 4;
        let mut ends = Vec::with_capacity(self.rows as usize);
        let mut end = start;
        for length in text.get(..start)?.chunks_exact(4) {
            end += u32::from_le_bytes(length.try_into().ok()?) as usize;
            ends.push(end as u32);
        }
        (end == text.len()).then_some(Events { text, start: start as u32, ends })
    }
}

/// Unpacked events of one part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Events {
    text: Vec<u8>,
    start: u32,
    ends: Vec<u32>,
}

impl Events {
    pub(super) fn get(&self, row: usize) -> &[u8] {
        let start = match row.checked_sub(1) {
            None => self.start,
            Some(before) => self.ends.get(before).copied().unwrap_or(self.start),
        };
        let end = self.ends.get(row).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// Takes numbers off the front of bytes.
pub(super) struct Take<'a> {
    pub(super) from: &'a [u8],
}

impl<'a> Take<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.from.split_at_checked(count)?;
        self.from = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}
