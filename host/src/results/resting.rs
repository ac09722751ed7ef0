//! Resting lanes: which lane stands still in which source, on which events, why and since when. Survives a restart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cursors::each;
use super::ledger::{self, Became};
use super::skips::{Skip, skip};
use super::{LaneSource, passed};
use crate::ids::Digest;
use crate::store::{Effects, Space, Store, StoreError};

/// Before a lane's key. No force's name begins with it.
const RESTING: &[u8] = b"\0resting\0";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resting {
    /// The plugin's version that it came to rest with.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// Sequence number of the first event that it does not get past.
    pub first: u64,
    /// And of the last.
    pub last: u64,
    /// Events between them.
    pub rows: u64,
    /// How the last try ended.
    pub outcome: String,
    /// The limit that was hit.
    pub limit: Option<String>,
    /// For people.
    pub why: String,
    /// Since when, microseconds since 1970 UTC.
    pub since: i64,
    /// How many of the events came in each hour (its beginning, microseconds since 1970 UTC): for the ledger.
    #[serde(default)]
    pub hours: BTreeMap<i64, u64>,
}

/// The effect that a lane rests.
///
/// # Errors
/// None that is known: a record of texts and numbers is always JSON.
pub fn rest(lane: &LaneSource, resting: &Resting) -> Result<Effects, StoreError> {
    Ok(Effects::new().put(Space::Cursor, &key(lane), text(resting)?))
}

/// The effects that an operator's `skip` has: the lane's cursor stands behind exactly the events that it did not get past,
/// and a skip record says so. None of them where the lane does not rest on these any more.
///
/// # Errors
/// As [`rest`].
pub fn pass(lane: &LaneSource, resting: &Resting, reason: &str) -> Result<Effects, StoreError> {
    let record = Skip {
        plugin: lane.plugin.clone(),
        lane: lane.kind,
        version: resting.version.clone(),
        digest: resting.digest.to_string(),
        source: lane.source.to_string(),
        first: resting.first,
        last: resting.last,
        rows: resting.rows,
        outcome: resting.outcome.clone(),
        limit: resting.limit.clone(),
        reason: format!("passed by an operator: {reason}"),
    };
    let counted = ledger::by_hour(lane, &resting.hours, Became::Skipped);
    Ok(wake(lane, resting)?.and(passed(lane, resting.last)).and(skip(&lane.force, &record)?).and(counted))
}

/// The effects that a lane rests no longer. None of them where it does not rest as this says any more.
///
/// # Errors
/// As [`rest`].
pub fn wake(lane: &LaneSource, resting: &Resting) -> Result<Effects, StoreError> {
    let key = key(lane);
    Ok(Effects::new().expect(Space::Cursor, &key, Some(text(resting)?)).delete(Space::Cursor, &key))
}

/// All that rest.
///
/// # Errors
/// The store's.
pub fn resting(store: &Store) -> Result<BTreeMap<LaneSource, Resting>, StoreError> {
    let mut found = BTreeMap::new();
    each(store, RESTING, |key, value| {
        let lane = key.strip_prefix(RESTING).and_then(LaneSource::of_key);
        if let (Some(lane), Ok(resting)) = (lane, serde_json::from_slice(value)) {
            found.insert(lane, resting);
        }
    })?;
    Ok(found)
}

fn key(lane: &LaneSource) -> Vec<u8> {
    [RESTING, &lane.key()].concat()
}

fn text(resting: &Resting) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(resting).map_err(|error| StoreError::TooLarge(format!("a resting lane: {error}")))
}
