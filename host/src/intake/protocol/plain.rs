//! The formats that `cordon run` reads: NDJSON, JSON documents and arrays, `{"records": [...]}`, Purview's CSV. Which one it
//! is, the text itself shows.

use std::io::Read;

use super::pieces::Pieces;
use crate::events::Refusal;
use crate::intake::{Framed, Framing, IntakeError};
use crate::model::SourceName;

/// See the module.
pub struct Plain {
    pieces: Pieces,
    source: Option<SourceName>,
}

impl Plain {
    /// Takes every event as this source; without it each is recognised by its shape. `limit` is in bytes of text.
    ///
    /// # Errors
    /// A text of no format that is known, or too large in its first piece.
    pub fn open(body: impl Read + Send + 'static, limit: u64, source: Option<SourceName>) -> Result<Self, IntakeError> {
        Ok(Self { pieces: Pieces::sniffed(body, limit)?, source })
    }
}

impl Framing for Plain {
    fn next(&mut self) -> Result<Option<Result<Framed, Refusal>>, IntakeError> {
        let piece = self.pieces.next()?;
        Ok(piece.map(|piece| piece.map(|event| Framed { event, source: self.source.clone() })))
    }
}
