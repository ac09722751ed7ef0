//! Events that findings cite, when their segment goes: each is kept as a file named by its identity, where evidence finds it.

use std::collections::{BTreeMap, BTreeSet};

use cordon_contract::limits::{BATCH_BYTES, BATCH_ROWS};

use crate::ids::identity_bytes;
use crate::journal::{Journal, JournalError, Piece};
use crate::model::{Force, SourceName};
use crate::results;
use crate::store::{Store, StoreError};

/// Why they are not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Keeps those numbered `first` or higher, and lower than `end`. What is damaged on disk is told and passed.
pub(super) fn keep(journal: &Journal, store: &Store, force: &Force, first: u64, end: u64) -> Result<(), KeepError> {
    let mut wanted: BTreeMap<SourceName, BTreeSet<u64>> = BTreeMap::new();
    for (sequence, source) in results::needed(store, force, first, end)? {
        wanted.entry(source).or_default().insert(sequence);
    }
    for (source, mut wanted) in wanted {
        let (Some(from), Some(to)) = (wanted.first().copied(), wanted.last().copied()) else { continue };
        let mut reader = journal.reader(force, &source, from.saturating_sub(1));
        while reader.cursor() < to
            && let Some(piece) = reader.next(BATCH_ROWS, BATCH_BYTES)?
        {
            let Piece::Rows(rows) = piece else { continue };
            for (sequence, event) in rows.iter() {
                if wanted.remove(&sequence) {
                    store.put_file(&identity_bytes(source.as_str(), event))?;
                }
            }
        }
        for lost in wanted {
            tracing::error!("event {lost} of force {force} ({source}) cannot be read: a finding's evidence is lost");
        }
    }
    Ok(())
}
