//! Request keys of one force: a request that is sent again is answered as the first time, and written once.
//!
//! Remembers the last [`KEYS`] of them; after a restart those of the last segment.

use std::collections::{HashMap, VecDeque};

use super::Appended;
use crate::ids::Digest;

/// Keys that are remembered.
const KEYS: usize = 65_536;
/// The key of requests that have none.
pub(super) const NONE: Digest = Digest([0; 32]);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Keys {
    known: HashMap<Digest, Appended>,
    order: VecDeque<Digest>,
}

impl Keys {
    pub(super) fn get(&self, key: Digest) -> Option<Appended> {
        self.known.get(&key).copied()
    }

    pub(super) fn insert(&mut self, key: Digest, appended: Appended) {
        if key == NONE || self.known.insert(key, appended).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > KEYS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_keys_are_forgotten_first_and_requests_without_one_are_never_the_same() {
        let at = |first| Appended { first, rows: 1, repeated: false };
        let key = |n: usize| Digest::of(&n.to_le_bytes());
        let mut keys = Keys::default();
        keys.insert(NONE, at(1));
        assert_eq!(keys.get(NONE), None);
        (0..=KEYS).for_each(|n| keys.insert(key(n), at(n as u64)));
        assert_eq!(
            (keys.get(key(0)), keys.get(key(1)), keys.get(key(KEYS))),
            (None, Some(at(1)), Some(at(KEYS as u64)))
        );
    }
}
