//! What a plugin that remembers has in one run: what it keeps, and the order of its batches. Workers run batches at the same
//! time, but those of one such plugin one after the other, as they were read.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use cordon_state::Memory;

use crate::registry::Loaded;
use crate::sandbox::{Past, RunReport};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Lane {
    memory: Arc<Memory>,
    turns: Mutex<Turns>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Turns {
    /// The batch whose turn it is.
    next: u64,
    /// Batches behind it that need no turn.
    passed: BTreeSet<u64>,
}

impl Lane {
    /// One for each plugin; none where it remembers nothing.
    pub(super) fn of(plugins: &[Loaded]) -> Vec<Option<Self>> {
        plugins.iter().map(|loaded| loaded.plugin.manifest().remembers().then(Self::default)).collect()
    }

    pub(super) fn past(&self) -> Past {
        Past::Lane(Arc::clone(&self.memory) as _)
    }

    pub(super) fn keep(&self, report: &RunReport) {
        if let Some(changes) = &report.remembered {
            self.memory.apply(changes);
        }
    }

    /// Runs batch `number` when all before it are done. Whoever takes batches takes them in order, so the first under way
    /// never waits.
    pub(super) fn in_turn<T>(&self, number: u64, run: impl FnOnce() -> T) -> T {
        let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.moved.wait_while(turns, |turns| turns.next != number);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        let ran = run();
        self.pass(number);
        ran
    }

    /// Batch `number` is done, or is none of this plugin's.
    pub(super) fn pass(&self, number: u64) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.passed.insert(number);
        while turns.passed.first() == Some(&turns.next) {
            turns.passed.pop_first();
            turns.next += 1;
        }
        drop(turns);
        self.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_run_one_after_the_other_whoever_comes_first() {
        let (lane, order) = (Lane::default(), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for number in [3_u64, 1, 4, 0] {
                let (lane, order) = (&lane, &order);
                scope.spawn(move || lane.in_turn(number, || order.lock().map(|mut all| all.push(number)).is_ok()));
            }
            lane.pass(2);
        });
        assert_eq!(order.into_inner().unwrap_or_default(), [0, 1, 3, 4]);
    }
}
