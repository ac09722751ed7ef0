//! What lanes remember: the keys of their windows and values, below the lane's own.
//!
//! A lane's keys begin with its force, plugin and kind, each closed by a zero byte, which no name holds; what stands behind
//! them is `cordon_state`'s, a digest where a plugin chose it. So no key that a plugin can make reaches another lane.

use std::sync::Arc;

use cordon_state::{Base, Changes, StateError};

use super::LaneSource;
use crate::store::{Effects, Space, Store, StoreError};

/// A lane's windows and values, as its last commit left them.
pub struct LaneMemory {
    store: Arc<Store>,
    lane: Vec<u8>,
}

impl LaneMemory {
    /// Of the lane that this source is one of. A version of its plugin that keeps another schema of values finds its own, and
    /// the other one's again after a roll-back.
    #[must_use]
    pub fn of(store: Arc<Store>, lane: &LaneSource, schema: u32) -> Self {
        Self { store, lane: [lane.of_all_sources().as_slice(), &schema.to_be_bytes()].concat() }
    }

    /// The effects of a batch's changes.
    #[must_use]
    pub fn keep(&self, changes: Changes) -> Effects {
        changes.keys.into_iter().fold(Effects::new(), |effects, (key, value)| match value {
            Some(value) => effects.put(Space::Remembered, &self.key(&key), value),
            None => effects.delete(Space::Remembered, &self.key(&key)),
        })
    }

    fn key(&self, key: &[u8]) -> Vec<u8> {
        [self.lane.as_slice(), key].concat()
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
        Ok(own.and_then(|key| Some(key.get(self.lane.len()..)?.to_vec())))
    }
}

fn unreadable(error: StoreError) -> StateError {
    StateError::Kept(error.to_string())
}
