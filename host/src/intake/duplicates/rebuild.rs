//! A force's window, made again from what its journal holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_contract::limits::{BATCH_BYTES, BATCH_ROWS};
use jiff::tz::TimeZone;

use super::{Window, WindowLimits};
use crate::events::{Batch, Batcher, BatcherOptions, EventOrigin, Fingerprint, has_identity};
use crate::journal::{Journal, JournalError, Piece};
use crate::model::{Force, SourceName};

/// The latest events, as many as the limits say. What cannot be read is left out: a duplicate of it will be kept.
pub(super) fn window(journal: &Journal, force: &Force, limits: WindowLimits, now: i64) -> Window {
    let mut window = Window::new(limits);
    let heads = journal.heads().remove(force).unwrap_or_default();
    let Some(last) = heads.values().max() else { return window };
    let after = last.saturating_sub(limits.entries as u64);
    let since = now.saturating_sub(limits.micros);
    let mut found = BTreeMap::new();
    for source in heads.keys().filter(|source| has_identity(source)) {
        if let Err(error) = read(journal, force, source, after, since, &mut found) {
            tracing::warn!("force {force}: some duplicates of earlier events of {source} may be taken: {error}");
        }
    }
    for (of, received) in found.into_values() {
        window.take(of, received);
    }
    window
}

fn read(
    journal: &Journal,
    force: &Force,
    source: &SourceName,
    after: u64,
    since: i64,
    found: &mut BTreeMap<u64, (Fingerprint, i64)>,
) -> Result<(), JournalError> {
    let mut reader = journal.reader(force, source, after);
    let place: Arc<str> = "journal".into();
    let mut batcher = Batcher::new(BatcherOptions {
        force: force.clone(),
        source: Some(source.clone()),
        time_field: None,
        zone: TimeZone::UTC,
        rows: BATCH_ROWS,
    });
    let mut take = |batch: &Batch| {
        for (row, received) in batch.received().iter().enumerate() {
            found.extend(batch.fingerprint(row).map(|of| (batch.sequence(row), (of, *received))));
        }
    };
    while let Some(piece) = reader.next(BATCH_ROWS, BATCH_BYTES)? {
        let Piece::Rows(rows) = piece else { continue };
        if rows.received() <= since {
            continue;
        }
        for (sequence, text) in rows.iter() {
            let origin = EventOrigin { file: Arc::clone(&place), line: sequence, unit: "event" };
            batcher.number_next(sequence);
            let full = batcher.push_bytes(text, origin, rows.received());
            full.ok().flatten().iter().for_each(&mut take);
        }
    }
    batcher.finish().iter().for_each(take);
    Ok(())
}
