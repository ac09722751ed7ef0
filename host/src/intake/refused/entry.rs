//! One refused line in the store: what is said of it, and where its bytes are.
//!
//! Keys: force, 0, `l` and its number for what is said; `b` for its bytes, which stand in a file where they are many; `d`
//! and a digest for finding the same line again; `n` alone for the force's numbers.

use serde::{Deserialize, Serialize};

use super::New;
use crate::ids::Digest;
use crate::model::{Force, SourceName};
use crate::store::{Effects, Space, Store, StoreError};

/// Bytes of a line that stand in the store itself.
const INLINE: usize = 16 << 10;
/// Bytes of a reason that are kept.
const REASON: usize = 2 << 10;

/// What is said of a refused line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedEntry {
    /// Its number in its force's list.
    pub number: u64,
    /// When its request came, microseconds since 1970 UTC.
    pub time: i64,
    /// The source that the sender named; none where it was to be recognised.
    pub source: Option<String>,
    /// Where it stood in its request, from 1.
    pub line: u64,
    /// What `line` counts.
    pub unit: String,
    /// A short word: `not-json`, `unknown-source`, ...
    pub kind: String,
    /// For people, with the way out.
    pub reason: String,
    /// How many bytes it has; none where they were not kept, because it was too large to be read.
    pub bytes: Option<u64>,
    /// The file that holds them, where they are many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Digest>,
}

/// The numbers of a force's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Held {
    /// The number given last.
    pub last: u64,
    /// Lines that were not kept because the list was full, or their request had too many.
    pub over: u64,
    /// Lines that went because they were old.
    pub expired: u64,
    /// Lines that were sent again, and taken.
    pub replayed: u64,
    /// Lines that somebody threw away.
    pub discarded: u64,
}

/// The same line, refused for the same reason, has the same.
pub(super) fn same(source: Option<&SourceName>, new: &New) -> Digest {
    let source = source.map_or("", |source| source.as_str());
    let bytes = new.bytes.as_deref().unwrap_or(new.reason.as_bytes());
    Digest::of_parts(&[source.as_bytes(), new.kind.as_bytes(), bytes])
}

/// Effects that put a line into the list. Many bytes become a file first.
pub(super) fn put(
    store: &Store,
    force: &Force,
    source: Option<&SourceName>,
    (number, time): (u64, i64),
    new: &New,
) -> Result<(RefusedEntry, Effects), StoreError> {
    let same = same(source, new);
    let mut effects = Effects::new().put(Space::RefusedLine, &at(force, b'd', &same.0), number.to_be_bytes().to_vec());
    let mut file = None;
    match &new.bytes {
        Some(bytes) if bytes.len() > INLINE => file = Some(store.put_file(&filed(force, number, bytes))?),
        Some(bytes) => {
            effects = effects.put(Space::RefusedLine, &at(force, b'b', &number.to_be_bytes()), bytes.clone());
        }
        None => {}
    }
    let end = (0..=REASON.min(new.reason.len())).rev().find(|at| new.reason.is_char_boundary(*at)).unwrap_or(0);
    let entry = RefusedEntry {
        number,
        time,
        source: source.map(ToString::to_string),
        line: new.line,
        unit: new.unit.to_owned(),
        kind: new.kind.to_owned(),
        reason: new.reason.get(..end).unwrap_or_default().to_owned(),
        bytes: new.bytes.as_ref().map(|bytes| bytes.len() as u64),
        file,
    };
    let text = serde_json::to_vec(&entry).map_err(|error| StoreError::TooLarge(format!("a refused line: {error}")))?;
    Ok((entry, effects.put(Space::RefusedLine, &at(force, b'l', &number.to_be_bytes()), text)))
}

/// Effects that take a line off the list.
pub(super) fn delete(force: &Force, number: u64, same: Digest) -> Effects {
    let number = number.to_be_bytes();
    Effects::new()
        .delete(Space::RefusedLine, &at(force, b'l', &number))
        .delete(Space::RefusedLine, &at(force, b'b', &number))
        .delete(Space::RefusedLine, &at(force, b'd', &same.0))
}

/// A line's bytes; none where they were not kept, or are damaged on disk.
pub(super) fn bytes(store: &Store, force: &Force, entry: &RefusedEntry) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(digest) = entry.file else {
        return store.get(Space::RefusedLine, &at(force, b'b', &entry.number.to_be_bytes()));
    };
    let head = filed(force, entry.number, b"").len();
    Ok(store.file(digest)?.and_then(|file| file.get(head..).map(<[u8]>::to_vec)))
}

pub(super) fn at(force: &Force, part: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = force.as_str().as_bytes().to_vec();
    key.extend_from_slice(&[0, part]);
    key.extend_from_slice(rest);
    key
}

/// A file of its own: nobody else keeps the same one, so that it can be removed.
fn filed(force: &Force, number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut file = format!("cordon refused line {number} of {force}\n").into_bytes();
    file.extend_from_slice(bytes);
    file
}
