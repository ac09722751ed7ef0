//! NDJSON: one JSON value a line. A broken line is refused alone; a line that is an array or a wrapper gives its
//! elements.

use super::document::{self, Documents};
use super::{Piece, RawEvent, Refusal, Stop, Text};
use crate::events::batcher::too_large;

/// Enough of a line to see whether it is a wrapper.
const PEEK: usize = 4 << 10;

#[derive(Default)]
pub(super) struct Lines {
    /// The array or wrapper that this line is.
    inside: Option<Documents>,
}

impl Lines {
    pub(super) fn next(&mut self, text: &mut Text) -> Result<Piece, Stop> {
        loop {
            if let Some(documents) = &mut self.inside {
                let line = text.buffer.line();
                match documents.element(text) {
                    Ok(Some(piece)) => return Ok(Some(piece)),
                    Ok(None) => self.inside = None,
                    Err(Stop::Broken(reason)) => {
                        // The line is lost from here on; the next one may be whole.
                        self.inside = None;
                        skip_line(text)?;
                        return Ok(Some(Err(Refusal { origin: text.origin(line), kind: "not-json", reason })));
                    }
                    Err(stop) => return Err(stop),
                }
            }
            if text.buffer.skip_space()?.is_none() {
                return Ok(None);
            }
            if matches!(text.buffer.available().first(), Some(b'[')) || self.is_wrapper(text)? {
                self.inside = Documents::enter(text)?;
                if self.inside.is_some() {
                    continue;
                }
            }
            return line(text).map(Some);
        }
    }

    fn is_wrapper(&self, text: &mut Text) -> Result<bool, Stop> {
        // Nearly all lines fail here, on bytes that are already there.
        if !document::may_be_wrapper(text.buffer.available()) {
            return Ok(false);
        }
        text.buffer.fill_to(PEEK);
        Ok(document::wrapper(text.buffer.available()).is_some())
    }
}

/// One line as an event; nothing but white space before it.
pub(super) fn line(text: &mut Text) -> Result<Result<RawEvent, Refusal>, Stop> {
    let origin = text.origin(text.buffer.line());
    let mut looked = 0;
    loop {
        let available = text.buffer.available();
        if let Some(at) = memchr::memchr(b'\n', &available[looked..]) {
            let end = looked + at;
            let bytes = text.event(end);
            text.buffer.consume_line(end + 1);
            return Ok(Ok(RawEvent { bytes, origin }));
        }
        looked = available.len();
        if looked > text.most {
            let (kind, reason) = too_large(skip_line(text)?);
            return Ok(Err(Refusal { origin, kind, reason }));
        }
        if !text.buffer.fill()? {
            let bytes = text.event(looked);
            text.buffer.consume(looked);
            return Ok(Ok(RawEvent { bytes, origin }));
        }
    }
}

/// Consumes up to the end of the line. How many bytes that were, without the line feed.
fn skip_line(text: &mut Text) -> Result<u64, Stop> {
    let mut skipped = 0;
    loop {
        let available = text.buffer.available();
        if let Some(at) = memchr::memchr(b'\n', available) {
            text.buffer.consume_line(at + 1);
            return Ok(skipped + at as u64);
        }
        let bytes = available.len();
        text.buffer.consume(bytes);
        skipped += bytes as u64;
        if !text.buffer.fill()? {
            return Ok(skipped);
        }
    }
}
