//! What was kept before this batch.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock};

use crate::{Changes, StateError};

/// A lane's keys and values, as the last commit left them.
pub trait Base {
    /// The value of a key.
    ///
    /// # Errors
    /// [`StateError::Kept`].
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError>;

    /// The first key that begins with `prefix`, behind `after` where that is given.
    ///
    /// # Errors
    /// [`StateError::Kept`].
    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Vec<u8>>, StateError>;
}

/// In memory: for runs that keep nothing, and for tests.
#[derive(Debug, Default)]
pub struct Memory(RwLock<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Memory {
    /// Makes the changes of a batch.
    pub fn apply(&self, changes: &Changes) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in &changes.keys {
            match value {
                Some(value) => drop(kept.insert(key.clone(), value.clone())),
                None => drop(kept.remove(key)),
            }
        }
    }

    /// How many keys it holds, its own indexes included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Bytes of the largest value that it holds.
    #[must_use]
    pub fn largest(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().map(Vec::len).max().unwrap_or(0)
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Base for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Vec<u8>>, StateError> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let first = kept.range::<[u8], _>((from, Bound::Unbounded)).next();
        Ok(first.map(|(key, _)| key.clone()).filter(|key| key.starts_with(prefix)))
    }
}
