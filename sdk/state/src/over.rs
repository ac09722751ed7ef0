//! Changes over what was kept, before they are committed: for the next batch of the same lane.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use crate::{Base, Changes, Counts, StateError};

/// See the module.
pub struct Over {
    under: Arc<dyn Base + Send + Sync>,
    changed: RwLock<Changed>,
}

#[derive(Debug, Default)]
struct Changed {
    keys: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    counts: Counts,
}

impl Over {
    /// Nothing is changed yet.
    #[must_use]
    pub fn new(under: Arc<dyn Base + Send + Sync>) -> Self {
        Self { under, changed: RwLock::default() }
    }

    /// Makes the changes of a batch, behind those before it.
    pub fn apply(&self, changes: Changes) {
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        changed.keys.extend(changes.keys);
        changed.counts.add(&changes.counts);
    }

    /// All changes so far.
    #[must_use]
    pub fn changes(&self) -> Changes {
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
        let keys = changed.keys.iter().map(|(key, value)| (key.clone(), value.clone()));
        Changes { keys: keys.collect(), counts: changed.counts }
    }
}

impl Base for Over {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        match self.changed.read().unwrap_or_else(PoisonError::into_inner).keys.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.under.get(key),
        }
    }

    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Vec<u8>>, StateError> {
        let changed = &self.changed.read().unwrap_or_else(PoisonError::into_inner).keys;
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let mut set = changed.range::<[u8], _>((from, Bound::Unbounded)).filter(|(_, value)| value.is_some());
        let set = set.next().map(|(key, _)| key.clone()).filter(|key| key.starts_with(prefix));
        let mut under = self.under.next(prefix, after)?;
        while let Some(gone) = under.take_if(|key| changed.get(key).is_some_and(Option::is_none)) {
            under = self.under.next(prefix, Some(&gone))?;
        }
        Ok(match (set, under) {
            (Some(set), Some(under)) => Some(set.min(under)),
            (set, under) => set.or(under),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Memory;

    #[test]
    fn what_is_changed_stands_before_what_was_kept() {
        let changes = |keys: &[(&str, Option<&str>)]| Changes {
            keys: keys.iter().map(|(key, value)| (key.as_bytes().to_vec(), value.map(|v| v.into()))).collect(),
            counts: Counts { evicted: 1, ..Counts::default() },
        };
        let kept = Arc::new(Memory::default());
        kept.apply(&changes(&[("a1", Some("x")), ("a3", Some("x")), ("a5", Some("x")), ("b", Some("x"))]));
        let over = Over::new(Arc::clone(&kept) as _);
        over.apply(changes(&[("a1", None), ("a2", Some("y")), ("a4", Some("y"))]));
        over.apply(changes(&[("a4", None), ("a3", Some("y"))]));
        let mut keys = Vec::new();
        while let Some(key) = over.next(b"a", keys.last().map(Vec::as_slice)).unwrap() {
            keys.push(key);
        }
        assert_eq!(keys, [b"a2", b"a3", b"a5"]);
        assert_eq!(over.get(b"a3").unwrap(), Some(b"y".to_vec()));
        assert_eq!((over.get(b"a1").unwrap(), over.get(b"b").unwrap()), (None, Some(b"x".to_vec())));
        assert_eq!((over.changes().keys.len(), over.changes().counts.evicted), (4, 2));
    }
}
