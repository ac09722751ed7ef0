//! Forms batches from the journal, when they run.

use std::sync::Arc;

use cordon_contract::limits::{BATCH_BYTES, BATCH_ROWS};
use jiff::tz::TimeZone;

use crate::events::{Batch, Batcher, BatcherOptions, EventOrigin, RawEvent};
use crate::journal::{JournalError, Piece, Reader};
use crate::model::{Force, SourceName};

/// What a wave runs on.
pub(super) struct Formed {
    /// Nearly always one; two where the bytes of one wave are more than a batch's.
    pub(super) batches: Vec<Arc<Batch>>,
    /// Events that could not be read: first sequence number, how many, why.
    pub(super) lost: Vec<(u64, u64, String)>,
    /// Sequence number of the last event of it.
    pub(super) end: u64,
}

/// The next events behind the reader's cursor: at most `most`, and as many as a batch holds, about up to sequence number
/// `until`.
pub(super) fn form(
    reader: &mut Reader,
    force: &Force,
    source: &SourceName,
    zone: TimeZone,
    until: u64,
    most: usize,
) -> Result<Formed, JournalError> {
    let options =
        BatcherOptions { force: force.clone(), source: Some(source.clone()), time_field: None, zone, rows: BATCH_ROWS };
    let mut batcher = Batcher::new(options);
    let mut formed = Formed { batches: Vec::new(), lost: Vec::new(), end: 0 };
    let (mut rows, mut bytes) = (0, 0);
    let place: Arc<str> = "journal".into();
    let most = most.min(BATCH_ROWS);
    while rows < most && bytes < BATCH_BYTES && reader.cursor() < until {
        let room = usize::try_from(until - reader.cursor()).unwrap_or(usize::MAX).min(most - rows);
        match reader.next(room, BATCH_BYTES - bytes)? {
            None => break,
            Some(Piece::Lost { first, rows }) => {
                let reason = "their record in the journal is damaged".to_owned();
                formed.lost.push((first, rows, reason));
            }
            Some(Piece::Rows(piece)) => {
                for (sequence, text) in piece.iter() {
                    let origin = EventOrigin { file: Arc::clone(&place), line: sequence, unit: "event" };
                    batcher.number_next(sequence);
                    match batcher.push(RawEvent { bytes: text.to_vec(), origin }, piece.received()) {
                        Ok(full) => formed.batches.extend(full.map(Arc::new)),
                        Err(refusal) => formed.lost.push((sequence, 1, refusal.reason)),
                    }
                    bytes += text.len();
                }
                rows += piece.len();
            }
        }
    }
    formed.batches.extend(batcher.finish().into_iter().map(Arc::new));
    formed.end = reader.cursor();
    Ok(formed)
}
