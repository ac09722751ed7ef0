//! Skip records: events that a lane passed without a result, and why.

use serde::{Deserialize, Serialize};

use super::of_force;
use crate::findings::Lane;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// The plugin's id.
    pub plugin: String,
    /// Which of its lanes.
    #[serde(default = "live")]
    pub lane: Lane,
    /// Its version.
    pub version: String,
    /// SHA-256 of its component, in hex.
    pub digest: String,
    /// The source.
    pub source: String,
    /// Sequence number of the first event.
    pub first: u64,
    /// And of the last.
    pub last: u64,
    /// How many events of the source lie between them; for events that were lost, how many of any source.
    pub rows: u64,
    /// How the run ended: `trapped`, `refused`, ...; `lost` where the events could not be read.
    pub outcome: String,
    /// The limit that was hit, where one was.
    pub limit: Option<String>,
    /// For people.
    pub reason: String,
}

/// Of a skip that was recorded when there were no others.
fn live() -> Lane {
    Lane::Live
}

/// The effect that a skip is recorded.
///
/// # Errors
/// None that is known: a record of texts and numbers is always JSON.
pub fn skip(force: &Force, skip: &Skip) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(skip).map_err(|error| StoreError::TooLarge(format!("a skip record: {error}")))?;
    Ok(Effects::new().append(Space::Skip, &of_force(force), text))
}

/// Up to `limit` skips of a force behind number `after`, with their numbers.
///
/// # Errors
/// The store's.
pub fn skips(store: &Store, force: &Force, after: u64, limit: usize) -> Result<Vec<(u64, Skip)>, StoreError> {
    let of = of_force(force);
    let from = [of.as_slice(), &after.to_be_bytes()].concat();
    let pairs = store.list(Space::Skip, &of, Some(&from), limit)?;
    Ok(pairs
        .into_iter()
        .filter_map(|(key, value)| {
            let number = key.get(of.len()..)?.try_into().map(u64::from_be_bytes).ok()?;
            Some((number, serde_json::from_slice(&value).ok()?))
        })
        .collect())
}
