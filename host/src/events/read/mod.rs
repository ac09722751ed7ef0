//! From files and streams to raw events: NDJSON, JSON documents, Purview CSV; plain, gzip, zstd; UTF-8 or UTF-16.
//!
//! Owns formats and positions. Reads in bounded memory: no document and no line is ever held whole, only one event.
//! Does not parse events: whether one is valid JSON is the batcher's to say.

mod buffer;
mod csv;
mod cut;
mod decode;
mod document;
mod input;
mod lines;
mod scan;
mod sniff;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cordon_contract::limits::EVENT_BYTES;

use super::{EventOrigin, Refusal};
use buffer::Buffer;
use sniff::Format;

pub use cut::Cut;
pub use input::Input;

/// One event's bytes as received, UTF-8 not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// One JSON value, without surrounding white space.
    pub bytes: Vec<u8>,
    /// Where it stood.
    pub origin: EventOrigin,
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
pub struct EventReader {
    text: Text,
    mode: Mode,
    compressed: Arc<AtomicU64>,
    size: Option<u64>,
    failed: bool,
}

/// How the text is cut into events.
enum Mode {
    Lines(lines::Lines),
    Documents(document::Documents),
    Csv(Box<csv::Rows>),
    /// Prescribed, not seen.
    EveryLine,
    EveryValue,
}

/// The decoded text of one input and where reading stands in it.
struct Text {
    file: Arc<str>,
    buffer: Buffer,
    /// Elements of arrays so far.
    elements: u64,
    /// Bytes of one piece at most.
    most: usize,
    /// Memory of an event that is done with.
    spare: Vec<u8>,
}

/// One step of reading: an event, a refused piece, or nothing more.
type Piece = Option<Result<RawEvent, Refusal>>;

/// Why a mode cannot go on.
enum Stop {
    Io(io::Error),
    Broken(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl EventReader {
    /// Opens an input and learns its format from its first bytes.
    ///
    /// # Errors
    /// Missing, a directory, empty, a zip, Wasm, or no format that is known.
    pub fn open(input: &Input) -> Result<Self, ReadError> {
        let file: Arc<str> = input.to_string().into();
        let opened = input::open(input).map_err(|reason| ReadError { file: file.to_string(), reason })?;
        Self::of(file, opened)
    }

    /// The same for bytes that come from anywhere; `name` stands for the file in messages.
    ///
    /// # Errors
    /// As [`EventReader::open`].
    pub fn over(name: &str, source: impl io::Read + Send + 'static) -> Result<Self, ReadError> {
        let opened = input::stream(Box::new(source), None)
            .map_err(|error| ReadError { file: name.to_owned(), reason: format!("cannot be read: {error}") })?;
        Self::of(name.into(), opened)
    }

    /// The same, with a limit: of a text of more than `bytes` the rest cannot be read, and `over` becomes true.
    ///
    /// # Errors
    /// As [`EventReader::open`].
    pub fn bounded(
        name: &str,
        source: impl io::Read + Send + 'static,
        bytes: u64,
        over: Arc<AtomicBool>,
    ) -> Result<Self, ReadError> {
        let opened = input::stream(Box::new(source), None)
            .map_err(|error| ReadError { file: name.to_owned(), reason: format!("cannot be read: {error}") })?;
        Self::of(name.into(), opened.bounded(bytes, over))
    }

    /// The same, cut as a protocol says and not as it looks. An empty text has no piece.
    ///
    /// # Errors
    /// Compression that is broken at its beginning.
    pub fn cut(
        name: &str,
        source: impl io::Read + Send + 'static,
        bytes: u64,
        over: Arc<AtomicBool>,
        cut: Cut,
    ) -> Result<Self, ReadError> {
        let opened = input::stream(Box::new(source), None)
            .map_err(|error| ReadError { file: name.to_owned(), reason: format!("cannot be read: {error}") })?;
        let input::Opened { text, compressed, size } = opened.bounded(bytes, over);
        let text = Text::new(name.into(), text, cut::PIECE_BYTES);
        let mode = match cut {
            Cut::Documents => Mode::Documents(document::Documents::default()),
            Cut::Lines => Mode::EveryLine,
            Cut::Values => Mode::EveryValue,
        };
        Ok(Self { text, mode, compressed, size, failed: false })
    }

    fn of(file: Arc<str>, opened: input::Opened) -> Result<Self, ReadError> {
        let mut text = Text::new(file, opened.text, EVENT_BYTES);
        let format = sniff::format(&mut text.buffer);
        let mut reader = |format| -> Result<Mode, Stop> {
            Ok(match format {
                Format::Lines => Mode::Lines(lines::Lines::default()),
                Format::Documents => Mode::Documents(document::Documents::default()),
                Format::Csv(header) => Mode::Csv(Box::new(csv::Rows::new(header, &mut text.buffer)?)),
            })
        };
        match format.and_then(&mut reader) {
            Ok(mode) => Ok(Self { text, mode, compressed: opened.compressed, size: opened.size, failed: false }),
            Err(stop) => Err(text.error(stop)),
        }
    }

    /// Compressed bytes read so far, and the input's size where known: for a progress bar.
    #[must_use]
    pub fn progress(&self) -> (u64, Option<u64>) {
        (self.compressed.load(Ordering::Relaxed), self.size)
    }

    /// Takes back the bytes of an event that is done with: their memory is that of the next line.
    pub fn reuse(&mut self, bytes: Vec<u8>) {
        self.text.spare = bytes;
    }

    /// The next event. `None` at the end. An inner `Err` is one refused piece: reading goes on.
    ///
    /// # Errors
    /// When the rest of the input cannot be read (broken compression, truncated document). After that it is at its end.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Result<RawEvent, Refusal>>, ReadError> {
        if self.failed {
            return Ok(None);
        }
        let piece = match &mut self.mode {
            Mode::Lines(lines) => lines.next(&mut self.text),
            Mode::Documents(documents) => documents.next(&mut self.text),
            Mode::Csv(rows) => rows.next(&mut self.text),
            Mode::EveryLine => cut::line(&mut self.text),
            Mode::EveryValue => cut::value(&mut self.text),
        };
        piece.map_err(|stop| {
            self.failed = true;
            self.text.error(stop)
        })
    }
}

impl Text {
    fn new(file: Arc<str>, source: Box<dyn io::Read + Send>, most: usize) -> Self {
        Self { file, buffer: Buffer::new(source), elements: 0, most, spare: Vec::new() }
    }

    /// So many of the bytes at hand, as an event's.
    fn event(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.spare);
        bytes.clear();
        bytes.extend_from_slice(self.buffer.available().get(..len).unwrap_or_default().trim_ascii_end());
        bytes
    }

    fn origin(&self, line: u64) -> EventOrigin {
        EventOrigin { file: Arc::clone(&self.file), line, unit: "line" }
    }

    fn element(&self) -> EventOrigin {
        EventOrigin { file: Arc::clone(&self.file), line: self.elements, unit: "element" }
    }

    fn error(&self, stop: Stop) -> ReadError {
        let reason = match stop {
            Stop::Broken(reason) => reason,
            Stop::Io(error) => {
                let how = match error.kind() {
                    io::ErrorKind::UnexpectedEof => "the compressed data is cut off".to_owned(),
                    _ => format!("{error}"),
                };
                format!(
                    "cannot be read beyond line {} ({how}); what stands before it was read: get the file again, whole",
                    self.buffer.line()
                )
            }
        };
        ReadError { file: self.file.to_string(), reason }
    }
}
