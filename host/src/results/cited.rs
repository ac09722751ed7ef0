//! What a finding's alert shows of the events that it cites: the first of them, their declared fields, kept beside the finding.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::of_force;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Events of a finding of which that is kept: an alert shows three in all.
pub const SHOWN: usize = 2;
/// Bytes of the fields of one, as JSON; what has more is kept without its fields.
const FIELDS: usize = 8 << 10;

/// An event that a finding cites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitedEvent {
    /// Its source.
    pub source: String,
    /// When it happened.
    pub time: String,
    /// Its identity: SHA-256 of source and exact bytes.
    pub digest: Digest,
    /// Its declared fields, by handle.
    pub fields: Map<String, Value>,
}

fn key(force: &Force, id: Digest) -> Vec<u8> {
    [of_force(force).as_slice(), &id.0].concat()
}

/// The effect that this is kept of a finding.
///
/// # Errors
/// None that an event can cause.
pub fn keep_cited(force: &Force, id: Digest, mut events: Vec<CitedEvent>) -> Result<Effects, StoreError> {
    if events.is_empty() {
        return Ok(Effects::new());
    }
    events.truncate(SHOWN);
    let is_large = |event: &CitedEvent| serde_json::to_string(&event.fields).is_ok_and(|text| text.len() > FIELDS);
    events.iter_mut().filter(|event| is_large(event)).for_each(|event| event.fields.clear());
    let text = serde_json::to_vec(&events).map_err(|error| StoreError::TooLarge(format!("cited events: {error}")))?;
    Ok(Effects::new().put(Space::FindingCited, &key(force, id), text))
}

/// What is kept of a finding; nothing where it cites nothing.
///
/// # Errors
/// The store's.
pub fn cited(store: &Store, force: &Force, id: Digest) -> Result<Vec<CitedEvent>, StoreError> {
    let kept = store.get(Space::FindingCited, &key(force, id))?;
    Ok(kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default())
}
