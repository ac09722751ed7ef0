//! From files and streams to raw events: NDJSON, JSON documents, Purview CSV; plain, gzip, zstd; UTF-8 or UTF-16.

use super::{EventOrigin, Refusal};

/// One event's bytes as received, UTF-8 not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// One JSON value, without surrounding white space.
    pub bytes: Vec<u8>,
    /// Where it stood.
    pub origin: EventOrigin,
}

/// A file, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Input {
    File(std::path::PathBuf),
    Stdin,
}

/// Why an input could not be read (further).
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct ReadError {
    /// File as named by the user, or `-`.
    pub file: String,
    /// What is wrong and what would do.
    pub reason: String,
}

/// Streams the events of one input.
pub struct EventReader {}

#[allow(missing_docs, clippy::todo, unused_variables)]
impl Input {
    /// Files, globs and `-`, in the given order, globs sorted. A directory, a glob without a match and a missing file are errors.
    ///
    /// # Errors
    /// Names the argument and the way out.
    pub fn expand(arguments: &[String]) -> Result<Vec<Input>, ReadError> {
        todo!()
    }
}

#[allow(missing_docs, clippy::todo, unused_variables)]
impl EventReader {
    /// Opens an input and learns its format from its first bytes.
    ///
    /// # Errors
    /// Missing, a directory, empty, a zip, Wasm, or no format that is known.
    pub fn open(input: &Input) -> Result<Self, ReadError> {
        todo!()
    }
    /// Compressed bytes read so far, and the input's size where known: for a progress bar.
    pub fn progress(&self) -> (u64, Option<u64>) {
        todo!()
    }
    /// The next event. `None` at the end. An inner `Err` is one refused piece: reading goes on.
    ///
    /// # Errors
    /// When the rest of the input cannot be read (broken compression, truncated document).
    pub fn next(&mut self) -> Result<Option<Result<RawEvent, Refusal>>, ReadError> {
        todo!()
    }
}
