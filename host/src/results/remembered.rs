//! What lanes remember: the keys of their windows and values, each lane's in a place of its own; and which place that is.
//!
//! A place's keys begin with its force and plugin, each closed by a zero byte, which no name holds, and the place's own 16 bytes;
//! what stands behind them is `cordon_state`'s, a digest where a plugin chose it. So no key that a plugin can make reaches
//! another lane. A place has no name of a lane in it: it can go over to another lane of the same force and plugin.

use std::sync::Arc;

use cordon_state::{Base, Changes, Pair, StateError};
use serde::{Deserialize, Serialize};

use super::{LaneSource, of_force};
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Bytes that tell the places of a force and plugin apart.
const SLOT: usize = 16;

/// What a version of a plugin takes over from the one that ran in its lane before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inherits {
    /// What that one remembers, its values in the form of its own schema.
    #[default]
    Live,
    /// What it remembers itself, as a shadow.
    Shadow,
    /// Nothing where the schema differs: what the other remembers is kept aside, for when a version of its schema comes back.
    Aside,
    /// Nothing.
    Nothing,
}

/// What is taken over, as it was asked for. Asked for again, it is done again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inherit {
    /// What.
    pub what: Inherits,
    /// When it was asked for, microseconds since 1970 UTC; 0 where it goes without saying.
    pub asked: i64,
}

impl Inherit {
    /// What goes without saying.
    #[must_use]
    pub fn unasked(what: Inherits) -> Self {
        Self { what, asked: 0 }
    }

    /// Whether it is what is usual, and nobody asked for it.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Where windows and values are kept, and in which form the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Tells it from other places of the force and plugin.
    pub slot: Digest,
    /// The schema of its values; 0 where it never had any.
    pub schema: u32,
}

/// The places of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// SHA-256 of the component that it ran last.
    pub digest: Digest,
    /// The file that says what that ran under.
    pub terms: Digest,
    /// When it was last asked for what it took over.
    #[serde(default)]
    pub asked: i64,
    /// What it remembers.
    pub own: Place,
    /// What versions of other schemas remembered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aside: Vec<Place>,
    /// What values are being carried over into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub making: Option<Digest>,
    /// What is no longer needed, and is cleared bit by bit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaving: Vec<Digest>,
}

/// The places of a lane; none where it remembers nothing yet.
///
/// # Errors
/// The store's.
pub fn places(store: &Store, lane: &LaneSource) -> Result<Option<Places>, StoreError> {
    let kept = store.get(Space::RememberedPlace, &lane.of_all_sources())?;
    Ok(kept.and_then(|kept| serde_json::from_slice(&kept).ok()))
}

/// The effect that a lane has these places.
///
/// # Errors
/// None that is known: a record of digests and numbers is always JSON.
pub fn set_places(lane: &LaneSource, places: &Places) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(places).map_err(|error| StoreError::TooLarge(format!("places: {error}")))?;
    Ok(Effects::new().put(Space::RememberedPlace, &lane.of_all_sources(), text))
}

/// The effect that a lane has no place any more: another has taken it.
#[must_use]
pub fn drop_places(lane: &LaneSource) -> Effects {
    Effects::new().delete(Space::RememberedPlace, &lane.of_all_sources())
}

/// What is kept in one place, as the last commit left it.
pub struct LaneMemory {
    store: Arc<Store>,
    place: Vec<u8>,
}

impl LaneMemory {
    /// Of a place of this force and plugin.
    #[must_use]
    pub fn of(store: Arc<Store>, force: &Force, plugin: &str, slot: &Digest) -> Self {
        let place = [of_force(force).as_slice(), plugin.as_bytes(), &[0], &slot.0[..SLOT]].concat();
        Self { store, place }
    }

    /// The effects of a batch's changes.
    #[must_use]
    pub fn keep(&self, changes: Changes) -> Effects {
        changes.keys.into_iter().fold(Effects::new(), |effects, (key, value)| match value {
            Some(value) => effects.put(Space::Remembered, &self.key(&key), value),
            None => effects.delete(Space::Remembered, &self.key(&key)),
        })
    }

    /// At most `limit` keys behind `after`, with what stands under them.
    ///
    /// # Errors
    /// The store's.
    pub fn page(&self, after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        let after = after.map(|after| self.key(after));
        let found = self.store.list(Space::Remembered, &self.place, after.as_deref(), limit)?;
        let own = |(key, value): Pair| Some((key.get(self.place.len()..)?.to_vec(), value));
        Ok(found.into_iter().filter_map(own).collect())
    }

    /// The effects that so many keys go, and whether these were all.
    ///
    /// # Errors
    /// The store's.
    pub fn clear(&self, limit: usize) -> Result<(Effects, bool), StoreError> {
        let found = self.store.list(Space::Remembered, &self.place, None, limit)?;
        let all = found.len() < limit;
        let gone = |effects: Effects, (key, _): Pair| effects.delete(Space::Remembered, &key);
        Ok((found.into_iter().fold(Effects::new(), gone), all))
    }

    fn key(&self, key: &[u8]) -> Vec<u8> {
        [self.place.as_slice(), key].concat()
    }
}

impl Base for LaneMemory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        self.store.get(Space::Remembered, &self.key(key)).map_err(unreadable)
    }

    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Vec<u8>>, StateError> {
        let after = after.map(|after| self.key(after));
        let found = self.store.list(Space::Remembered, &self.key(prefix), after.as_deref(), 1).map_err(unreadable)?;
        let own = found.into_iter().next().map(|(key, _)| key);
        Ok(own.and_then(|key| Some(key.get(self.place.len()..)?.to_vec())))
    }
}

fn unreadable(error: StoreError) -> StateError {
    StateError::Kept(error.to_string())
}
