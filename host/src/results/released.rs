//! Released replays: which fault's events an operator gave to its plugin's author, when, and why.

use serde::{Deserialize, Serialize};

use super::{Fault, of_force};
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Releases of one fault that are listed, the first ones.
const LISTED: usize = 100;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// When, microseconds since 1970 UTC.
    pub time: i64,
    /// Id of the operator's token.
    pub who: String,
    /// For people.
    pub reason: String,
    /// Events in it.
    pub rows: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
}

/// The effect that a release is recorded.
///
/// # Errors
/// None that is known: a record of texts and numbers is always JSON.
pub fn release(force: &Force, fault: &str, released: &Released) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(released).map_err(|error| StoreError::TooLarge(format!("a release: {error}")))?;
    Ok(Effects::new().append(Space::Released, &key(force, fault), text))
}

/// The releases of a fault, oldest first.
///
/// # Errors
/// The store's.
pub fn released(store: &Store, fault: &Fault) -> Result<Vec<Released>, StoreError> {
    let Ok(force) = Force::new(&fault.force) else { return Ok(Vec::new()) };
    let pairs = store.list(Space::Released, &key(&force, &fault.id), None, LISTED)?;
    Ok(pairs.iter().filter_map(|(_, value)| serde_json::from_slice(value).ok()).collect())
}

fn key(force: &Force, fault: &str) -> Vec<u8> {
    [of_force(force).as_slice(), fault.as_bytes(), &[0]].concat()
}
