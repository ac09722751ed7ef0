//! Texts whose cut a protocol prescribes, whatever they look like.

use cordon_contract::limits::EVENT_BYTES;

use super::{EventOrigin, Piece, Refusal, Stop, Text, document, lines};

/// Bytes of a piece, which may carry an event: one of the largest as Base64, and what stands beside it.
pub(super) const PIECE_BYTES: usize = 2 * EVENT_BYTES;

/// See the module. A piece of more than 2 MiB is refused alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Every line is a piece, an empty one too; its origin is its line.
    Lines,
    /// JSON values one after another, with white space between them or none. The origin is the value's number, from 1, and
    /// its unit `event`. One that does not end is refused with all the rest.
    Values,
    /// JSON values, and the elements of arrays.
    Documents,
}

pub(super) fn line(text: &mut Text) -> Result<Piece, Stop> {
    if text.buffer.available().is_empty() && !text.buffer.fill()? {
        return Ok(None);
    }
    lines::line(text).map(Some)
}

pub(super) fn value(text: &mut Text) -> Result<Piece, Stop> {
    if text.buffer.skip_space()?.is_none() {
        return Ok(None);
    }
    text.elements += 1;
    let number = text.elements;
    let origin = EventOrigin { unit: "event", ..text.element() };
    let cut_off = || {
        format!(
            "event {number} does not end (it is cut off, or a quote in it is not escaped): nothing after it was read"
        )
    };
    match document::value(text, origin.clone(), cut_off) {
        Err(Stop::Broken(reason)) => {
            let rest = text.buffer.available().len();
            text.buffer.consume(rest);
            Ok(Some(Err(Refusal { origin, kind: "not-json", reason })))
        }
        read => read.map(Some),
    }
}
