//! What evidence and replays are made from: an event as it was received, and what a plugin ran under.

use super::Api;
use super::answer::Refused;
use crate::evidence::{EventRecord, EvidenceError, Terms};
use crate::ids::{Digest, event_identity, of_identity_bytes};
use crate::journal::Piece;
use crate::model::{Force, SourceName};

/// The bytes of an event: from the journal, or from the file that was kept when its segment went. None where it is in neither.
pub(super) fn event(api: &Api, force: &Force, record: &EventRecord) -> Result<Option<String>, Refused> {
    let source = SourceName::new(&record.source).map_err(|error| Refused::host(&error))?;
    let mut reader = api.journal.reader(force, &source, record.sequence.saturating_sub(1));
    let piece = reader.next(1, usize::MAX).map_err(|error| Refused::host(&error))?;
    if let Some(Piece::Rows(rows)) = piece
        && let Some((_, bytes)) = rows.iter().next()
        && event_identity(&record.source, bytes) == record.digest
    {
        return Ok(String::from_utf8(bytes.to_vec()).ok());
    }
    let kept = api.store.file(record.digest)?;
    let event = kept.as_deref().and_then(|bytes| of_identity_bytes(&record.source, bytes));
    Ok(event.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()))
}

/// What a plugin ran under.
pub(super) fn terms(api: &Api, digest: Digest) -> Result<Terms, Refused> {
    let bytes = api.store.file(digest)?;
    let gone = || EvidenceError::NotUnderstood("what the plugin ran under is not kept any more".into());
    Ok(Terms::from_bytes(&bytes.ok_or_else(gone)?)?)
}
