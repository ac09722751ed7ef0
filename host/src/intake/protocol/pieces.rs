//! A request's text as pieces: decompressed, within the limit, its errors as intake's.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::events::{Cut, EventReader, RawEvent, ReadError, Refusal};
use crate::intake::IntakeError;

/// What stands for the file's name in positions and messages.
const NAME: &str = "request";

/// See the module.
pub(super) struct Pieces {
    reader: EventReader,
    over: Arc<AtomicBool>,
    limit: u64,
}

impl Pieces {
    /// Cut by what the text looks like.
    pub(super) fn sniffed(body: impl Read + Send + 'static, limit: u64) -> Result<Self, IntakeError> {
        let over = Arc::new(AtomicBool::new(false));
        Self::of(EventReader::bounded(NAME, body, limit, Arc::clone(&over)), over, limit)
    }

    /// Cut as the protocol says. An empty text has no piece.
    pub(super) fn cut(body: impl Read + Send + 'static, limit: u64, cut: Cut) -> Result<Self, IntakeError> {
        let over = Arc::new(AtomicBool::new(false));
        Self::of(EventReader::cut(NAME, body, limit, Arc::clone(&over), cut), over, limit)
    }

    fn of(reader: Result<EventReader, ReadError>, over: Arc<AtomicBool>, limit: u64) -> Result<Self, IntakeError> {
        match reader {
            Ok(reader) => Ok(Self { reader, over, limit }),
            Err(error) => Err(refused(&over, limit, error)),
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Result<RawEvent, Refusal>>, IntakeError> {
        self.reader.next().map_err(|error| refused(&self.over, self.limit, error))
    }
}

fn refused(over: &AtomicBool, limit: u64, error: ReadError) -> IntakeError {
    match over.load(Ordering::Relaxed) {
        true => IntakeError::TooLarge { limit },
        false => IntakeError::Unreadable(error.reason),
    }
}
