//! Whether a finding is the first of its id. Remembers so many ids and no more: a run may go on for ever. Pure.

use std::collections::{HashSet, VecDeque};

use crate::ids::Digest;

/// Ids that are remembered: the latest of a run, some 100 MB when all are there.
pub const REMEMBERED: usize = 1 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Once {
    known: HashSet<Digest>,
    /// Oldest first.
    order: VecDeque<Digest>,
    limit: usize,
    forgotten: u64,
}

impl Default for Once {
    fn default() -> Self {
        Self { known: HashSet::new(), order: VecDeque::new(), limit: REMEMBERED, forgotten: 0 }
    }
}

impl Once {
    pub(super) fn is_first(&mut self, id: Digest) -> bool {
        if !self.known.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
            self.forgotten += 1;
        }
        true
    }

    /// Ids that were dropped for newer ones.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_ids_are_known_and_what_is_forgotten_is_counted() {
        let mut once = Once { limit: 2, ..Once::default() };
        let id = |n: u8| Digest([n; 32]);
        assert!([id(1), id(2)].into_iter().all(|id| once.is_first(id)));
        assert!(!once.is_first(id(1)) && once.forgotten() == 0);
        assert!(once.is_first(id(3)));
        assert_eq!(once.forgotten(), 1);
        assert!(!once.is_first(id(2)) && once.is_first(id(1)));
        assert_eq!((once.known.len(), once.order.len()), (2, 2));
    }
}
