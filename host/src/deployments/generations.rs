//! Generations: the numbered whole sets of deployments, each with who made it and why. Owns their records; the sets
//! themselves are files by digest.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::DeployError;
use super::set::Set;
use crate::ids::Digest;
use crate::store::{Effects, Space, Store, StoreError};

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Generation {
    /// From 1, without gaps.
    pub number: u64,
    /// Since when, microseconds since 1970 UTC.
    pub time: i64,
    /// The token of who made it, or `host`.
    pub who: String,
    /// Its role.
    pub role: String,
    /// What was done, as in the audit: `plugin-deployed`, ...
    pub what: String,
    /// The plugin; none where it was all of them.
    pub plugin: Option<String>,
    /// A force's name, or `all`.
    #[serde(rename = "for")]
    pub scope: String,
    /// Why.
    pub reason: String,
    /// What else was said: version, mode, from when.
    pub details: Value,
    /// The file with the set.
    pub set: Digest,
}

/// The effect that it is the newest. Its set must be kept already.
pub(super) fn put(generation: &Generation) -> Result<Effects, StoreError> {
    let text =
        serde_json::to_vec(generation).map_err(|error| StoreError::TooLarge(format!("a generation: {error}")))?;
    let key = generation.number.to_be_bytes();
    Ok(Effects::new().expect(Space::Generation, &key, None).put(Space::Generation, &key, text))
}

/// The newest, with its set; none where there is none yet.
pub(super) fn newest(store: &Store) -> Result<Option<(Generation, Set)>, DeployError> {
    let Some((_, value)) = store.last(Space::Generation, &[])? else { return Ok(None) };
    let generation = read(&value)?;
    let set = set(store, &generation)?;
    Ok(Some((generation, set)))
}

/// The one of a number.
pub(super) fn get(store: &Store, number: u64) -> Result<Generation, DeployError> {
    let value = store.get(Space::Generation, &number.to_be_bytes())?;
    let absent = || DeployError::Absent(format!("there is no generation {number}: see `cordon plugin history`"));
    read(&value.ok_or_else(absent)?)
}

/// Up to `limit` behind number `after`, ascending.
pub(super) fn list(store: &Store, after: u64, limit: usize) -> Result<Vec<Generation>, DeployError> {
    let pairs = store.list(Space::Generation, &[], Some(&after.to_be_bytes()), limit)?;
    pairs.iter().map(|(_, value)| read(value)).collect()
}

/// The set of one.
pub(super) fn set(store: &Store, generation: &Generation) -> Result<Set, DeployError> {
    let gone = || DeployError::Damaged(format!("the set of generation {} is not there or damaged", generation.number));
    let bytes = store.file(generation.set)?.ok_or_else(gone)?;
    serde_json::from_slice(&bytes).map_err(|_| gone())
}

fn read(value: &[u8]) -> Result<Generation, DeployError> {
    serde_json::from_slice(value).map_err(|error| DeployError::Damaged(format!("a generation cannot be read: {error}")))
}
